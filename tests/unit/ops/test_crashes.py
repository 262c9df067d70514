"""A crash leaves neither a core dump nor a text that quotes what was handled."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import resource, sys, threading
from ohx_desktop.ops.crashes import leave_nothing_behind
_, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
leave_nothing_behind(shows_traces=len(sys.argv) > 1)
print(resource.getrlimit(resource.RLIMIT_CORE)[0])

class Bad:
    def __del__(self):
        raise ValueError("CANARY in a destructor")

def fail():
    raise KeyError("CANARY in a thread")

thread = threading.Thread(target=fail)
thread.start()
thread.join()
bad = Bad()
del bad
raise RuntimeError("CANARY at the end")
"""


def crash(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_bugs_are_told_by_type_and_place_only() -> None:
    done = crash()
    assert (done.returncode, done.stdout) == (1, "0\n")
    assert "CANARY" not in done.stderr
    for kind in ("KeyError", "ValueError", "RuntimeError"):
        assert f"{kind} at __main__:" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_whoever_asks_for_traces_gets_them_but_no_core_dump() -> None:
    done = crash("--debug")
    assert done.stdout == "0\n"
    assert "CANARY at the end" in done.stderr


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="reads /proc")
def test_the_program_itself_may_dump_no_core() -> None:
    command = [sys.executable, "-m", "ohx_desktop", "decode", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        limits = Path(f"/proc/{process.pid}/limits")
        for _ in range(100_000):
            (line,) = (one for one in limits.read_text().splitlines() if "core" in one)
            if line.split()[4] == "0" and b"decode" in limits.with_name("cmdline").read_bytes():
                break
        process.stdin.close()
    assert line.split()[4] == "0"
