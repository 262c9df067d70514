"""The key of the queue as its users have it: at the terminal, in the window, and moved by command.

Each command and each window is a process of its own. The terminal is a real one (pty).
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cli_bench import (
    COMMAND_DEADLINE_S,
    PATIENT,
    Run,
    Workstation,
    environment,
    reading_line,
    run_program,
    workstation_with_keyring,
)

PIN, WRONG, NEW = "7302 9154 88", "7302 9154 89", "blau grün gelb lila rot"
CHILD = Path(__file__).with_name("window_child.py")
posix = pytest.mark.skipif(os.name != "posix", reason="terminals are POSIX's")


@pytest.fixture
def station(tmp_path: Path) -> Workstation:
    """Make a profile whose key a PIN seals, with a keyring beside it."""
    made = workstation_with_keyring(tmp_path)
    made.configure('[store]\nkey_source = "pin"\n')
    return made


def key(station: Workstation, *arguments: str, pins: tuple[str, ...] = ()) -> Run:
    return station.run("key", *arguments, stdin="".join(f"{pin}\n" for pin in pins))


class AtTerminal:
    """A command at a terminal of its own, and the person before it."""

    def __init__(self, station: Workstation, *arguments: str, stdin: str | None = None) -> None:
        import pty

        self._terminal, self._theirs = pty.openpty()
        command = [sys.executable, "-c", _WITH_TERMINAL, os.ttyname(self._theirs)]
        command += ["-m", "ohx_desktop", "--profile", str(station.profile), "--json", *arguments]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if stdin is not None else self._theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(station.surroundings),
            start_new_session=True,
        )
        if stdin is not None:
            assert self._process.stdin is not None
            self._process.stdin.write(stdin.encode())
            self._process.stdin.close()
            self._process.stdin = None

    def answer(self, line: str) -> Run:
        """Wait for the question, type the answer, and return how the command ended."""
        seen = self._read_until("PIN of the queue: ")
        os.write(self._terminal, f"{line}\n".encode())
        out, err = self._process.communicate(timeout=COMMAND_DEADLINE_S)
        # The line end after the answer is always there.
        seen += os.read(self._terminal, 4096).decode()
        assert line not in seen, "the PIN was shown"
        self._close()
        return Run(code=self._process.returncode, stdout=out.decode(), stderr=err.decode())

    def interrupt(self) -> int:
        """Press Ctrl-C at the question."""
        self._read_until("PIN of the queue: ")
        os.write(self._terminal, b"\x03")
        self._process.communicate(timeout=COMMAND_DEADLINE_S)
        self._close()
        return self._process.returncode

    def _close(self) -> None:
        os.close(self._terminal)
        os.close(self._theirs)

    def _read_until(self, question: str) -> str:
        seen, deadline = "", time.monotonic() + COMMAND_DEADLINE_S
        while question not in seen:
            assert time.monotonic() < deadline, seen
            seen += os.read(self._terminal, 4096).decode()
        return seen


# A new session takes the first terminal it opens for its own.
_WITH_TERMINAL = """
import os, sys
os.close(os.open(sys.argv[1], os.O_RDWR))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


# ── the command line ─────────────────────────────────────────────────────────────────────────


@posix
def test_a_queue_that_a_pin_opens_is_used_at_the_terminal(station: Workstation) -> None:
    assert key(station, "create", pins=(PIN,)).code == 0
    # The reading comes by stdin, the PIN by the terminal.
    file = AtTerminal(station, "submit", "-", "--patient", PATIENT, stdin=reading_line())
    filed = file.answer(PIN)
    assert filed.code == 0, filed.stderr
    wrong = AtTerminal(station, "queue", "list").answer(WRONG)
    assert (wrong.code, wrong.error["code"]) == (8, "key-pin-wrong")
    listed = AtTerminal(station, "queue", "list").answer(PIN)
    assert [entry["state"] for entry in listed.objects] == ["queued"]
    for run in (filed, wrong, listed):
        assert PIN not in run.stdout + run.stderr


@posix
def test_ctrl_c_at_the_question_ends_the_command(station: Workstation) -> None:
    key(station, "create", pins=(PIN,))
    assert AtTerminal(station, "queue", "list").interrupt() == 130


@posix
def test_without_a_terminal_a_command_fails_and_says_what_to_do(station: Workstation) -> None:
    key(station, "create", pins=(PIN,))
    done = subprocess.run(
        [sys.executable, "-m", "ohx_desktop", "--profile", str(station.profile), "queue", "list"],
        env=environment(station.surroundings),
        capture_output=True,
        text=True,
        timeout=COMMAND_DEADLINE_S,
        check=False,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 8
    assert "sealed with a PIN" in done.stderr
    assert "at a terminal" in done.stderr


def test_a_queue_without_a_pin_yet_is_not_made_by_the_way(station: Workstation) -> None:
    run = station.run("queue", "list")
    assert (run.code, run.error["code"]) == (8, "key-pin-needed")
    assert "ohx-desktop key create" in run.error["hint"]
    assert not (station.profile / "outbox.db").exists()


def test_the_key_goes_through_all_places_and_opens_the_same_queue(
    station: Workstation, tmp_path: Path
) -> None:
    assert key(station, "create", pins=(PIN,)).code == 0
    assert key(station, "create", pins=(PIN,)).code == 2
    assert key(station, "change-pin", pins=(WRONG, NEW)).error["code"] == "key-pin-wrong"
    assert key(station, "change-pin", pins=(PIN, "12345678")).code == 2
    assert key(station, "change-pin", pins=(PIN, NEW)).code == 0
    assert key(station, "move", "--to", "keyring", pins=(NEW,)).code == 0
    filed = station.run("submit", "-", "--patient", PATIENT, stdin=reading_line())
    assert filed.code == 0, filed.stderr
    plain = tmp_path / "the.key"
    assert key(station, "move", "--to", "file", "--key-file", str(plain)).code == 0
    assert len(station.queue()) == 1
    assert "store-key" not in (tmp_path / "keyring.json").read_text()
    assert key(station, "move", "--to", "pin", pins=(PIN,)).code == 0
    assert not plain.exists()
    opened = key(station, "status", "--open", pins=(PIN,))
    assert opened.objects == [
        {
            "source": "pin",
            "place": "store-key.sealed, sealed with a PIN",
            "is_kept": True,
            "has_queue": True,
            "move": None,
            "opens": True,
        }
    ]


def test_a_move_says_what_it_needs(station: Workstation) -> None:
    key(station, "create", pins=(PIN,))
    for arguments in (("--to", "file"), ("--to", "keyring", "--key-file", "x")):
        assert key(station, "move", *arguments, pins=(PIN,)).code == 2
    assert key(station, "move", "--to", "pin", pins=(PIN,)).code == 2
    assert key(station, "move", "--to", "keyring").error["code"] == "key-pin-needed"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ('key_source = "pin"', "sealed with a PIN"),
        ('key_source = "systemd-credential"', "not started by systemd"),
        ('key_source = "keyring"', "keyring"),
    ],
)
def test_the_doctor_names_the_source_and_what_to_do(
    station: Workstation, config: str, says: str
) -> None:
    if "pin" in config:
        key(station, "create", pins=(PIN,))
    station.configure(f"[store]\n{config}\n")
    done = station.run("doctor")
    (finding,) = [line for line in done.objects if line.get("check") == "queue and key"]
    assert says in finding["detail"]
    if "keyring" not in config:
        assert finding["action"]


# ── the window ───────────────────────────────────────────────────────────────────────────────


def window(station: Workstation, scene: str, folder: Path) -> Any:
    done = subprocess.run(
        [sys.executable, str(CHILD), scene, str(folder)],
        env=environment({**station.surroundings, "OHX_PROFILE": str(station.profile)}),
        capture_output=True,
        text=True,
        timeout=COMMAND_DEADLINE_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_the_window_asks_for_the_pin_and_goes_on_without_a_restart(
    station: Workstation, tmp_path: Path
) -> None:
    chosen = window(station, "choose_key_pin", tmp_path)
    assert chosen["exit"] == 0
    for look, said in (
        ("asked", "Choose the PIN of this workstation"),
        ("not the same", "The two are not the same."),
        ("weak", "guess"),
        ("desk", "Whose reading is it?"),
    ):
        assert any(said in text for text in chosen["seen"][look]), look

    typed = window(station, "type_key_pin", tmp_path)
    assert typed["exit"] == 0
    assert "Open this workstation" in typed["seen"]["asked"]
    assert "This is not the PIN of this workstation." in typed["seen"]["wrong"]
    assert "Open this workstation" not in typed["seen"]["desk"]

    left = window(station, "leave_locked", tmp_path)
    assert (left["exit"], list(left["seen"])) == (0, ["asked"])
    # What the window made, the command line opens.
    assert key(station, "status", "--open", pins=(PIN,)).objects[0]["opens"] is True


def test_a_sealed_key_that_is_lost_is_told_before_anything_is_asked(
    station: Workstation, tmp_path: Path
) -> None:
    key(station, "create", pins=(PIN,))
    (station.profile / "outbox.db").touch()
    (station.profile / "store-key.sealed").unlink()
    told = window(station, "no_sealed_key", tmp_path)
    assert told["exit"] == 8
    assert any("missing" in text for text in told["seen"]["fatal"])


def test_the_pin_is_on_no_command_line(station: Workstation) -> None:
    for command in ("create", "change-pin", "move", "status"):
        help_ = run_program("key", command, "--help")
        assert help_.code == 0
        assert "--pin" not in help_.stdout
