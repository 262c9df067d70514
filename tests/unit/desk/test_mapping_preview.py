"""A mapping is looked at before it is in force, and what was looked at is what gets in force."""

from pathlib import Path

import pytest

from ohx_desktop.desk.admin_states import MappingPreview
from ohx_desktop.desk.clinic_mapping import ClinicMapping, put_in_force
from ohx_desktop.desk.mapping_preview import MappingDesk
from ohx_desktop.desk.sample_readings import Sample
from ohx_desktop.domain.errors import ConfigurationError
from ohx_desktop.domain.quantity import QuantityKind, Unit
from ohx_desktop.fhir.mapping import BUILT_IN, MappingRules
from ohx_desktop.fhir.mapping_file import BrokenMapping
from ohx_desktop.settings.profile import Profile

KG = b'[quantities.body_weight]\nunit = "kg"\n'
LB = b'[quantities.body_weight]\nunit = "[lb_av]"\n'
BROKEN = b'[quantities.body_weight]\n\nunit = "mm[Hg]"\n'


class Page:
    """The desk of a page, with every state that it showed."""

    def __init__(self, profile: Profile) -> None:
        self.states: list[MappingPreview] = []
        self.followed: list[MappingRules] = []
        self.mapping = ClinicMapping(profile)
        self.mapping.on_rules = self.followed.append
        self.desk = MappingDesk(self.mapping, on_state=self.states.append)

    @property
    def state(self) -> MappingPreview:
        return self.states[-1]

    @property
    def weight_unit(self) -> Unit | None:
        return self.mapping.rules.of(QuantityKind.BODY_WEIGHT).unit


def put(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def content_of(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


def block(file: Path) -> None:
    file.mkdir()


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    made = Profile.at(tmp_path / "profile")
    made.create()
    return made


@pytest.fixture
def chosen(tmp_path: Path) -> Path:
    return tmp_path / "new.toml"


async def test_without_a_file_the_built_in_mapping_is_in_force(profile: Profile) -> None:
    page = Page(profile)
    await page.desk.show_in_force()
    assert page.mapping.rules == BUILT_IN
    assert page.state.name is None
    assert not page.state.can_put_in_force


async def test_looking_at_a_file_changes_nothing(profile: Profile, chosen: Path) -> None:
    put(chosen, KG)
    page = Page(profile)
    await page.desk.choose(chosen)
    assert page.state.differences is not None
    assert page.state.differences[Sample.WEIGHT].changes
    assert page.state.can_put_in_force
    assert (page.followed, content_of(profile.mapping_file)) == ([], None)


async def test_what_is_put_in_force_is_what_was_looked_at(profile: Profile, chosen: Path) -> None:
    put(chosen, KG)
    page = Page(profile)
    await page.desk.choose(chosen)
    put(chosen, LB)
    await page.desk.put_in_force()
    assert content_of(profile.mapping_file) == KG
    assert page.weight_unit is Unit.KILOGRAM
    assert page.followed == [page.mapping.rules]
    assert page.state.done is not None
    assert not page.state.can_put_in_force


async def test_the_mapping_before_is_kept(profile: Profile, chosen: Path) -> None:
    put(profile.mapping_file, LB)
    put(chosen, KG)
    page = Page(profile)
    await page.desk.choose(chosen)
    await page.desk.put_in_force()
    assert page.state.done is not None
    assert page.state.done.kept is not None
    assert content_of(profile.config / page.state.done.kept) == LB


async def test_a_broken_file_tells_line_and_reason_and_cannot_get_in_force(
    profile: Profile, chosen: Path
) -> None:
    put(chosen, BROKEN)
    page = Page(profile)
    await page.desk.choose(chosen)
    assert isinstance(page.state.broken, BrokenMapping)
    assert page.state.broken.faults[0].startswith("line ")
    assert "mm[Hg]" in page.state.broken.faults[0]
    await page.desk.put_in_force()
    assert content_of(profile.mapping_file) is None


async def test_after_a_broken_file_the_one_before_cannot_be_put_in_force_unseen(
    profile: Profile, chosen: Path
) -> None:
    put(chosen, KG)
    page = Page(profile)
    await page.desk.choose(chosen)
    put(chosen, BROKEN)
    await page.desk.choose(chosen)
    await page.desk.put_in_force()
    assert content_of(profile.mapping_file) is None


async def test_a_file_that_is_not_there_is_told(profile: Profile, chosen: Path) -> None:
    page = Page(profile)
    await page.desk.choose(chosen)
    assert isinstance(page.state.broken, ConfigurationError)


async def test_a_broken_mapping_of_the_clinic_is_told_with_the_last_good_one_in_force(
    profile: Profile, chosen: Path
) -> None:
    put(profile.mapping_file, KG)
    assert ClinicMapping(profile).problem is None
    put(profile.mapping_file, BROKEN)
    page = Page(profile)
    assert page.weight_unit is Unit.KILOGRAM
    await page.desk.show_in_force()
    assert page.state.in_force_problem is page.mapping.problem is not None
    put(chosen, LB)
    await page.desk.choose(chosen)
    await page.desk.put_in_force()
    assert (page.mapping.problem, page.state.in_force_problem) == (None, None)


async def test_a_mapping_that_cannot_be_written_stays_out_of_force(
    profile: Profile, chosen: Path
) -> None:
    put(chosen, KG)
    page = Page(profile)
    await page.desk.choose(chosen)
    # A folder where the file would go: nothing can replace it, not even as root.
    block(profile.config / "mapping.toml.unfinished")
    await page.desk.put_in_force()
    assert isinstance(page.state.error, ConfigurationError)
    assert page.followed == []
    assert page.state.can_put_in_force, "it can be tried again"


def test_a_broken_mapping_is_put_in_force_by_nobody(profile: Profile) -> None:
    with pytest.raises(BrokenMapping):
        put_in_force(BROKEN, "new.toml", profile)
    assert content_of(profile.mapping_file) is None
