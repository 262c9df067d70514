"""`ehr check`: whether this EHR takes our readings."""

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode, OhxError, Refused, UsageError

if TYPE_CHECKING:
    from ohx_desktop.domain.check_lines import Line

_OK = {"ok": True, "warning": None, "failed": False}
_MARKS = {"ok": "ok  ", "warning": "?   ", "failed": "FAIL"}


def add_command(ehr: Callable[..., argparse.ArgumentParser]) -> None:
    """Add it to the group `ehr`."""
    check = ehr(
        "check",
        _check,
        "can this EHR take our readings: network, certificate, sign-in, version, what it offers",
    )
    check.add_argument(
        "--write",
        action="store_true",
        help="also store a made-up reading for a test patient, read it back, and take it back",
    )
    check.add_argument("--patient", metavar="Patient/ID", help="the test patient of --write")


async def _check(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_ehr_check
    from ohx_desktop.fhir.check import check_ehr

    if options.write and not options.patient:
        raise UsageError("--write needs a test patient of the EHR: --patient Patient/ID")
    lines = []
    async with open_ehr_check(
        options.profile, patient=options.patient, write=options.write
    ) as asked:
        async for line in check_ehr(asked):
            _tell(line, out)
            lines.append(line)
    _raise_failure([line for line in lines if line.verdict == "failed"])
    return ExitCode.DONE


def _tell(line: "Line", out: Output) -> None:
    remedy = f"\n      → {line.remedy}" if line.remedy else ""
    out.item(
        {
            "check": line.name,
            "ok": _OK[line.verdict],
            "detail": line.detail,
            "remedy": line.remedy,
        },
        f"{_MARKS[line.verdict]}  {line.name}: {line.detail}{remedy}",
    )


def _raise_failure(failed: "Sequence[Line]") -> None:
    """Raise what failed; there is no reading that it could concern."""
    for line in failed:
        if line.error is not None:
            line.error.meaning = OhxError.meaning
            raise line.error
    if failed:
        raise Refused(
            f"this EHR cannot take our readings ({', '.join(line.name for line in failed)})",
            meaning="nothing was sent",
            hint="give this list to the administrator of the EHR",
        )
