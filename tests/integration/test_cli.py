"""The command line from outside: what holds for every command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_bench import Run, Workstation, environment, reading_line, run_program, workstation

COMMANDS = (
    (),
    *((name,) for name in ("scan", "read", "enroll", "devices", "unenroll", "decode", "map")),
    *((name,) for name in ("submit", "queue", "ehr", "patient", "config", "secret", "doctor")),
    *(("queue", name) for name in ("list", "drain", "retry", "discard", "verify")),
    *(("config", name) for name in ("show", "schema", "validate", "import")),
    ("secret", "set"),
    ("secret", "delete"),
    ("ehr", "check"),
    ("patient", "find"),
)
FRAME = "167c0056006100e807060f11111b33000000"


@pytest.fixture
def station(tmp_path: Path) -> Workstation:
    return workstation(tmp_path)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    told = run_program(*command, "--help")
    assert told.code == 0
    assert told.stderr == ""
    assert told.stdout.startswith("usage: ohx-desktop")
    for option in ("--profile", "--json", "--debug"):
        assert option in told.stdout
    # Every option and argument has its words beside it or below.
    lines = told.stdout.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        is_option = line.startswith("  -") or (line[:2] == "  " and line[2:3].isupper())
        if is_option and "  " not in line.strip() and line.strip() != "COMMAND":
            assert following.startswith("      "), line


def test_the_console_script_is_the_module() -> None:
    script = Path(sys.executable).with_name("ohx-desktop")
    told = subprocess.run([script, "--version"], capture_output=True, check=True, text=True)
    assert told.stdout == run_program("--version").stdout
    assert told.stdout.startswith("ohx-desktop ")


def test_the_profile_may_be_named_before_after_and_between(tmp_path: Path) -> None:
    station = workstation(tmp_path)
    named = ("--profile", str(station.profile), "--json")
    submitted = station.run("submit", "-", "--patient", "Patient/1", stdin=reading_line())
    assert submitted.code == 0
    for arguments in (
        (*named, "queue", "list"),
        ("queue", *named, "list"),
        ("queue", "list", *named),
    ):
        assert run_program(*arguments).objects == submitted.objects


def test_the_profile_may_be_named_by_the_environment(station: Workstation) -> None:
    assert station.run("submit", "-", "--patient", "Patient/1", stdin=reading_line()).code == 0
    named = {"OHX_PROFILE": str(station.profile)}
    assert len(run_program("--json", "queue", "list", surroundings=named).objects) == 1
    # The option says it later, so it wins.
    elsewhere = workstation(station.profile.parent / "other")
    option = ("--profile", str(elsewhere.profile), "--json")
    assert run_program(*option, "queue", "list", surroundings=named).objects == []


def test_everything_kept_is_in_the_profile(tmp_path: Path) -> None:
    station = workstation(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    here = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home)}
    assert (
        station.run("submit", "-", "--patient", "Patient/1", stdin=reading_line(), **here).code == 0
    )
    assert station.run("devices", **here).code == 0
    assert list(home.iterdir()) == []
    assert (station.profile / "outbox.db").exists()


def test_nothing_readable_is_left_of_a_queued_reading(station: Workstation) -> None:
    station.run("submit", "-", "--patient", "Patient/pat-4711", stdin=reading_line())
    for file in station.profile.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"pat-4711" not in content, file
            assert b"systolic" not in content, file
    for private in (station.profile / "outbox.db", station.profile.parent / "store.key"):
        assert private.stat().st_mode & 0o077 == 0, private


def test_people_get_sentences_and_programs_get_json(station: Workstation) -> None:
    told = run_program("--profile", str(station.profile), "decode", "--model", "generic", FRAME)
    assert told.code == 0
    assert "systolic_blood_pressure 124 mm[Hg]" in told.stdout
    with pytest.raises(json.JSONDecodeError):
        told.objects  # noqa: B018 - reading it is the test
    (reading,) = station.run("decode", "--model", "generic", FRAME).objects
    assert reading["schema"] == "ohx.reading/1"


def assert_is_told_in_three_parts(run: Run) -> None:
    error = run.error
    assert set(error) == {"code", "message", "hint"}
    what, _, meaning = error["message"].rpartition("; ")
    assert what
    assert meaning
    assert f"error: {error['message']}; {error['hint']}" in run.stderr.splitlines()


@pytest.mark.parametrize(
    ("arguments", "code", "name"),
    [
        (("nonsense",), 2, "usage"),
        (("queue",), 2, "usage"),
        (("scan", "--seconds", "soon"), 2, "usage"),
        (("scan", "--seconds", "nan"), 2, "usage"),
        (("scan", "--seconds", "0"), 2, "usage"),
        (("queue", "drain", "--seconds", "-1"), 2, "usage"),
        (("submit", "-"), 2, "usage"),
        (("queue", "retry", "not-an-id"), 2, "usage"),
        (("queue", "list", "--js"), 2, "usage"),
        (("decode", "--model", "generic", "zz"), 2, "usage"),
        (("config", "validate", "/nowhere/config.toml"), 3, "configuration"),
        (("ehr", "check"), 3, "configuration"),
        (("unenroll", "00:00:00:00:00:00"), 4, "device-not-found"),
        (("decode", "--model", "generic", "00"), 5, "truncated"),
    ],
)
def test_an_error_is_told_to_people_and_programs_without_a_traceback(
    station: Workstation, arguments: tuple[str, ...], code: int, name: str
) -> None:
    run = station.run(*arguments)
    assert run.code == code
    assert run.error["code"] == name
    assert_is_told_in_three_parts(run)


def test_debug_shows_where_and_keeps_the_exit_code(station: Workstation) -> None:
    run = station.run("--debug", "decode", "--model", "generic", "00")
    assert run.code == 5
    assert "Traceback" in run.stderr
    assert run.error["code"] == "truncated"


def test_a_bug_is_told_without_its_text(station: Workstation, tmp_path: Path) -> None:
    # A module of this name is found before the standard library's: as broken as an installation
    # can be.
    (tmp_path / "tomllib.py").write_text("raise RuntimeError('Bennett 128/82')")
    run = station.run("config", "show", PYTHONPATH=str(tmp_path))
    assert run.code == 1
    assert run.error["code"] == "bug"
    assert "RuntimeError" in run.error["message"]
    assert "Bennett" not in run.stdout + run.stderr
    assert_is_told_in_three_parts(run)


def test_a_reader_that_leaves_is_no_error(station: Workstation) -> None:
    command = [sys.executable, "-m", "ohx_desktop", "--profile", str(station.profile), "--json"]
    with subprocess.Popen(
        [*command, "config", "show"],
        env=environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


def test_a_terminal_of_another_encoding_breaks_nothing(station: Workstation) -> None:
    odd = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    station.configure('[station]\nname = "Räume ليلى"\n')
    shown = station.run("config", "show", **odd)
    assert shown.code == 0
    (name,) = (item["value"] for item in shown.objects if item["key"] == "station.name")
    assert name == "Räume ليلى"
    people = run_program("--profile", str(station.profile), "config", "show", surroundings=odd)
    assert people.code == 0
    assert "R\\xe4ume" in people.stdout


def test_a_profile_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    run = run_program("--profile", str(tmp_path / "taken"), "--json", "devices")
    assert run.code == 8
    assert_is_told_in_three_parts(run)
