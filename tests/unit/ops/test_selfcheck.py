import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ohx_desktop import resource_files
from ohx_desktop.domain.errors import ExitCode
from ohx_desktop.ops.doctor import Finding, examine
from ohx_desktop.ops.selfcheck import installation_checks
from ohx_desktop.storage import database

CHECKS = ["services", "resources", "tls", "keyring", "bluetooth", "queue", "screen"]


def selfcheck(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command without a display, a session bus or a system bus."""
    unset = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "DBUS_SESSION_BUS_ADDRESS"}
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    return subprocess.run(
        [sys.executable, "-m", "ohx_desktop", "selfcheck", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def findings(*, broken_service: bool = False) -> dict[str, Finding]:
    def import_services() -> None:
        if broken_service:
            raise ModuleNotFoundError("No module named 'lost'")

    checks = installation_checks(import_services)
    return {finding.check: finding async for finding in examine(checks)}


def test_a_whole_installation_needs_no_display_and_no_bus() -> None:
    done = selfcheck("--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["check"] for one in told] == CHECKS
    assert all(one["ok"] for one in told)
    assert done.returncode == 0


def test_people_get_a_line_for_each_check() -> None:
    lines = selfcheck().stdout.splitlines()
    assert [line.split()[1] for line in lines] == [f"{name}:" for name in CHECKS]


async def test_a_part_that_cannot_be_imported_is_told_and_the_rest_still_checked() -> None:
    found = await findings(broken_service=True)
    assert found["services"].exit_code is ExitCode.CONFIGURATION
    assert "lost" in found["services"].detail
    assert all(finding.is_well for name, finding in found.items() if name != "services")


async def test_a_missing_resource_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(resource_files, "resources", lambda: tmp_path)
    found = await findings()
    assert found["resources"].exit_code is ExitCode.CONFIGURATION
    assert "r5.schema.json" in found["resources"].detail


async def test_an_engine_without_encryption_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "dbapi2", sqlite3)
    found = await findings()
    assert found["queue"].exit_code is ExitCode.STORE
    assert "not be encrypted" in found["queue"].detail
