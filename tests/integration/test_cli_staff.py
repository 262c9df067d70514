"""`staff`, and what is confirmed on the command line where people sign in at the window."""

from pathlib import Path

import pytest
from cli_bench import PATIENT, PRACTITIONER, Workstation, reading_line, workstation_with_keyring

PIN = "2580"
OTHER = "Practitioner/prac-13"


@pytest.fixture
def station(tmp_path: Path) -> Workstation:
    """Make a workstation where people sign in by PIN."""
    station = workstation_with_keyring(tmp_path)
    station.configure('[station]\nsign_in = "pin"\npractitioner = "Practitioner/fixed"\n')
    return station


def test_an_admin_keeps_the_staff_of_a_workstation(station: Workstation) -> None:
    assert station.run("staff", "list").objects == []
    added = station.run("staff", "add", PRACTITIONER, stdin="Grace Adeyemi\n")
    person = {"reference": PRACTITIONER, "name": "Grace Adeyemi", "role": "staff"}
    assert (added.code, added.objects) == (0, [person])
    assert "PIN" in added.stderr
    assert station.run("staff", "add", OTHER, "--role", "admin", stdin="Omar").code == 0
    assert station.run("staff", "pin", PRACTITIONER, stdin=f"{PIN}\n").objects == [
        {"reference": PRACTITIONER, "has_pin": True}
    ]
    listed = station.run("staff", "list").objects
    assert [(row["name"], row["role"], row["has_pin"]) for row in listed] == [
        ("Grace Adeyemi", "staff", True),
        ("Omar", "admin", False),
    ]
    assert station.run("staff", "remove", PRACTITIONER).code == 0
    assert [row["name"] for row in station.run("staff", "list").objects] == ["Omar"]
    kept = Path(station.surroundings["TEST_KEYRING_FILE"]).read_text()
    assert PRACTITIONER not in kept, "a removed person's PIN stayed"


def test_a_pin_is_nowhere_but_as_a_hash_in_the_keyring(station: Workstation) -> None:
    station.run("staff", "add", PRACTITIONER, stdin="Grace Adeyemi")
    station.run("staff", "pin", PRACTITIONER, stdin="86420975")
    files = [path for path in station.profile.rglob("*") if path.is_file()]
    assert any("Grace" in path.read_text(errors="ignore") for path in files)
    keyring = Path(station.surroundings["TEST_KEYRING_FILE"])
    for path in (*files, keyring):
        assert "86420975" not in path.read_text(errors="ignore"), path
        assert "scrypt" not in path.read_text(errors="ignore") or path == keyring


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("add", "Patient/1"), "Grace", "Practitioner/ID"),
        (("add", PRACTITIONER), "", "name"),
        (("pin", OTHER), PIN, "no member of staff"),
        (("pin", PRACTITIONER), "123", "4 to 12 digits"),
        (("pin", PRACTITIONER), "1111", "first that anyone would guess"),
        (("remove", OTHER), "", "no member of staff"),
    ],
)
def test_what_cannot_be_done_is_refused(
    station: Workstation, arguments: tuple[str, ...], stdin: str, said: str
) -> None:
    station.run("staff", "add", PRACTITIONER, stdin="Grace Adeyemi")
    run = station.run("staff", *arguments, stdin=stdin)
    assert run.code == 2
    assert said in run.error["message"]
    assert not stdin.isdecimal() or stdin not in run.stderr + run.stdout


def test_nothing_is_confirmed_by_nobody_on_the_command_line(station: Workstation) -> None:
    refused = station.run("submit", "-", "--patient", PATIENT, stdin=reading_line())
    assert refused.code == 3
    assert refused.error["code"] == "nobody-signed-in"
    assert "--performer" in refused.error["hint"]
    assert station.queue() == []
    taken = station.run(
        *("submit", "-", "--patient", PATIENT, "--performer", PRACTITIONER), stdin=reading_line()
    )
    assert taken.code == 0
    assert len(station.queue()) == 1


def test_the_help_says_who_must_be_named(station: Workstation) -> None:
    told = " ".join(station.run("submit", "--help").stdout.split())
    assert "station.sign_in" in told


@pytest.mark.parametrize(
    "settings",
    [
        '[station]\nsign_in = "ehr"\n',
        '[station]\nsign_in = "pin"\n[ehr.auth]\nmethod = "smart-launch"\nclient_id = "x"\n',
        '[station]\nsign_in = "pin"\npin_digits = 3\n',
    ],
)
def test_settings_by_which_nobody_could_sign_in_are_refused(
    station: Workstation, settings: str
) -> None:
    station.configure(settings)
    assert station.run("queue", "list").code == 3
