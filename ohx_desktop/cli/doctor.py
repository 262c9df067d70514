"""`doctor`: is this installation well, and if not, what to do."""

import argparse
from typing import TYPE_CHECKING, Any

from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode, OhxError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ohx_desktop.ops.doctor import Check, Finding


def add_commands(add: Any, _group: Any) -> None:
    """Add `doctor`."""
    add("doctor", _doctor, "name each problem of this installation and the next action")


async def _doctor(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import health_checks

    return await tell_findings(health_checks(options.profile), out, at_once=True)


_MARKS = {"ok": "ok  ", "warning": "WARN", "problem": "FAIL"}


async def tell_findings(checks: "Sequence[Check]", out: Output, *, at_once: bool = False) -> int:
    """Print a line per check. Raises the OhxError of the first one that is not well."""
    from ohx_desktop.ops.doctor import examine

    first: Finding | None = None
    async for finding in examine(checks, at_once=at_once):
        form = {
            "check": finding.check,
            "ok": finding.is_well,
            "verdict": finding.verdict,
            "code": finding.code,
            "cause": finding.cause,
            "detail": finding.detail,
            "action": finding.action,
        }
        cause = f"  [{finding.cause}]" if finding.cause else ""
        action = f"\n      → {finding.action}" if finding.action else ""
        text = f"{finding.check}: {finding.detail}{cause}{action}"
        out.item(form, f"{_MARKS[finding.verdict]}  {text}")
        if first is None and not finding.is_well:
            first = finding
    if first is not None:
        raise _problem(first)
    return ExitCode.DONE


def _problem(finding: "Finding") -> OhxError:
    """Return the error that a finding came from, as far as the finding tells it."""
    problem = OhxError(f"{finding.check}: {finding.detail}", hint=finding.action)
    problem.code, problem.exit_code = finding.code or problem.code, finding.exit_code
    return problem
