"""The id of an installation survives what a program can die of on its first start."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from ohx_desktop.domain.errors import StoreEnvironment
from ohx_desktop.settings.installation import installation_id


def test_the_id_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "installation-id"
    assert installation_id(path) == installation_id(path)
    assert UUID(path.read_text()) == installation_id(path)


def test_programs_that_start_at_once_have_one_id(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda _: installation_id(tmp_path / "installation-id"), range(8)))
    assert len(made) == 1


def test_an_empty_file_that_a_crash_left_is_no_id(tmp_path: Path) -> None:
    path = tmp_path / "installation-id"
    path.touch()
    assert installation_id(path) == installation_id(path)


def test_a_file_with_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "installation-id"
    path.write_text("half an i")
    with pytest.raises(StoreEnvironment):
        installation_id(path)
    assert path.read_text() == "half an i"
