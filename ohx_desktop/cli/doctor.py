"""`doctor`: is this installation well, and if not, what to do."""

import argparse
from typing import Any

from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode


def add_commands(add: Any, _group: Any) -> None:
    """Add `doctor`."""
    add("doctor", _doctor, "name each problem of this installation and the next action")


async def _doctor(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import health_checks
    from ohx_desktop.ops.doctor import examine

    worst = ExitCode.DONE
    async for finding in examine(health_checks(options.profile)):
        form = {
            "check": finding.check,
            "ok": finding.is_well,
            "code": finding.code,
            "detail": finding.detail,
            "action": finding.action,
        }
        action = f"\n      → {finding.action}" if finding.action else ""
        mark = "ok  " if finding.is_well else "FAIL"
        out.item(form, f"{mark}  {finding.check}: {finding.detail}{action}")
        worst = worst or finding.exit_code
    return worst
