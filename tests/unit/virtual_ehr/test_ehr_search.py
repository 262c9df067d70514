import pytest

from ohx_desktop.virtual.ehr.outcome import Refusal
from ohx_desktop.virtual.ehr.search import find
from ohx_desktop.virtual.ehr.seed import ENCOUNTER, MRN_SYSTEM, PATIENT
from ohx_desktop.virtual.ehr.store import Store

NOVAKS = ["pat-4715", "pat-4716"]


def ids(store: Store, type_: str, *criteria: tuple[str, str]) -> list[str]:
    return [version.id for version in find(store, type_, criteria)]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("943 476 5919", [PATIENT]),
        (f"{MRN_SYSTEM}|943 476 5919", [PATIENT]),
        ("urn:oid:9.9|943 476 5919", []),
        ("|943 476 5919", []),
        ("943 476", []),
        ("943 476 5919,401 023 2137", [PATIENT, "pat-4712"]),
    ],
)
def test_an_identifier_matches_whole_with_or_without_its_system(
    store: Store, value: str, found: list[str]
) -> None:
    assert ids(store, "Patient", ("identifier", value)) == found


def test_an_identifier_that_was_changed_is_found_by_the_new_one_only(store: Store) -> None:
    def identify(value: str) -> None:
        with store.draft() as draft:
            draft.write("Device", "a", {"identifier": [{"value": value}]})
            assert [v.id for v in find(draft, "Device", [("identifier", value)])] == ["a"]

    identify("old")
    identify("new")
    assert ids(store, "Device", ("identifier", "new")) == ["a"]
    assert ids(store, "Device", ("identifier", "old")) == []


def test_a_system_alone_finds_all_that_have_one(store: Store) -> None:
    assert len(ids(store, "Patient", ("identifier", f"{MRN_SYSTEM}|"))) == store.count("Patient")


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("family", "muller", ["pat-4712"]),
        ("family", "MÜLL", ["pat-4712"]),
        ("family", "uller", []),
        ("family", "inci", ["pat-4714"]),
        ("family", "INCI", ["pat-4714"]),
        ("given", "isil", ["pat-4714"]),
        ("given", "Iş\u0131l", ["pat-4714"]),
        ("family", "lukasi", ["pat-4720"]),
        ("family", "sorensen", ["pat-4722"]),
        ("family", "الحسين", ["pat-4713"]),
        ("given", "لَيْلى", ["pat-4713"]),
        ("given", "rose", [PATIENT]),
        ("family", "ferreira", ["pat-4717", "pat-4718"]),
        ("family", "ferreira da", ["pat-4718"]),
        ("name", "anna", NOVAKS),
        ("name", "novak", NOVAKS),
        ("family:exact", "novak", []),
        ("family:exact", "Novak", NOVAKS),
        ("family:contains", "rien", ["pat-4719"]),
    ],
)
def test_names_match_from_the_start_without_case_and_accents(
    store: Store, name: str, value: str, found: list[str]
) -> None:
    assert ids(store, "Patient", (name, value)) == found


def test_an_escaped_comma_is_part_of_the_name(store: Store) -> None:
    with store.draft() as draft:
        draft.write("Patient", "comma", {"name": [{"family": "Doe, Jr"}]})
        draft.write("Patient", "slash", {"name": [{"family": "Doe\\"}]})
    assert ids(store, "Patient", ("family", "Doe\\, Jr")) == ["comma"]
    assert ids(store, "Patient", ("family", "Doe\\\\,Novak")) == [*NOVAKS, "slash"]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("1990-05-09", ["pat-4715"]),
        ("1990", ["pat-4715"]),
        ("1936", ["pat-4721"]),
        ("1936-01-01", []),
        ("lt1941", ["pat-4721"]),
        ("ge2001-04-03", ["pat-4720"]),
        ("gt2001-04-03", []),
        ("le1936", ["pat-4721"]),
    ],
)
def test_dates_compare_at_the_precision_given(store: Store, value: str, found: list[str]) -> None:
    assert ids(store, "Patient", ("birthdate", value)) == found


def test_all_parameters_must_hold(store: Store) -> None:
    both = ("family", "novak"), ("birthdate", "1991-09-05")
    assert ids(store, "Patient", *both) == ["pat-4716"]
    assert ids(store, "Patient", *both, ("active", "false")) == []
    assert ids(store, "Patient", ("active", "false")) == ["pat-4717", "pat-4720"]
    assert ids(store, "Patient", ("_id", f"{PATIENT},pat-4712")) == [PATIENT, "pat-4712"]


@pytest.mark.parametrize("value", [f"Patient/{PATIENT}", PATIENT])
def test_the_encounter_in_progress_of_a_patient_is_found(store: Store, value: str) -> None:
    assert ids(store, "Encounter", ("patient", value), ("status", "in-progress")) == [ENCOUNTER]
    assert ids(store, "Encounter", ("patient", value), ("status", "completed")) == []
    assert ids(store, "Encounter", ("patient", "pat-4712")) == []


@pytest.mark.parametrize(
    ("type_", "criterion"),
    [
        ("Patient", ("familiy", "Novak")),
        ("Patient", ("family:below", "Novak")),
        ("Patient", ("identifier:exact", "1")),
        ("Patient", ("birthdate", "09.05.1990")),
        ("Patient", ("family", "")),
        ("Provenance", ("identifier", "1")),
    ],
)
def test_what_is_not_understood_is_refused_and_not_ignored(
    store: Store, type_: str, criterion: tuple[str, str]
) -> None:
    with pytest.raises(Refusal) as refused:
        find(store, type_, [criterion])
    assert refused.value.status == 400
