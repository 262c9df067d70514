"""`queue correct`, `refile`, `reconcile`: filed readings corrected, and compared with the EHR."""

import argparse
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ohx_desktop.cli.output import Output
from ohx_desktop.cli.queue_output import print_entry
from ohx_desktop.domain.errors import ExitCode, Refused, UsageError

if TYPE_CHECKING:
    from ohx_desktop.desk.reconciling import Reconciled
    from ohx_desktop.outbox.records import Corrected
    from ohx_desktop.outbox.service import AsyncOutbox

_RECONCILE = (
    "compare every acknowledged reading with what the EHR holds now: missing, changed, doubled, "
    "taken back elsewhere. Values are no longer kept here; a keyed digest of each is compared."
)
_SENT_BY = "the window sends it by itself while it is open; ohx-desktop queue drain sends now"


def add_correcting(queue: Any) -> None:
    """Add the commands to the group."""
    correct = queue(
        "correct", _correct, "have a filed reading marked as entered in error in the EHR"
    )
    refile = queue("refile", _refile, "take a filed reading back and file it for another patient")
    for command in (correct, refile):
        command.add_argument("id", type=UUID, metavar="ID", help="id of the entry (queue list)")
        add_reason(command)
        command.add_argument(
            "--by", metavar="REF", help="who decides; by default who works at the station"
        )
    refile.add_argument(
        "--patient", required=True, metavar="Patient/ID", help="whose reading it really is"
    )
    reconcile = queue("reconcile", _reconcile, _RECONCILE)
    reconcile.add_argument(
        "--since", type=_date, metavar="DATE", help="what was filed from this day on (YYYY-MM-DD)"
    )


def add_reason(command: Any) -> None:
    """Add why a reading is given up or corrected."""
    command.add_argument(
        "--reason",
        required=True,
        metavar="CODE",
        help="why, as a code of lower-case letters, digits and hyphens: wrong-patient",
    )


def _date(text: str) -> datetime:
    try:
        # The day as it is here, as the person means it.
        return datetime.strptime(text, "%Y-%m-%d").astimezone()
    except ValueError:
        raise UsageError("--since is a day such as 2026-11-23") from None


async def _correct(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_correcting

    async with open_correcting(options.profile) as (outbox, correcting):
        corrected = await correcting.retract(options.id, options.reason, options.by)
        await _print(options.id, corrected, outbox, out)
    return ExitCode.DONE


async def _refile(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_correcting

    async with open_correcting(options.profile) as (outbox, correcting):
        corrected = await correcting.refile(options.id, options.patient, options.reason, options.by)
        await _print(options.id, corrected, outbox, out)
    return ExitCode.DONE


async def _print(
    entry_id: UUID, corrected: "Corrected", outbox: "AsyncOutbox", out: Output
) -> None:
    print_entry(await outbox.entry(entry_id), out)
    for entry in (corrected.retraction, corrected.refiled):
        if entry is not None:
            print_entry(entry, out)
    if corrected.retraction is None and corrected.refiled is None:
        out.note("the reading never left this computer; it was given up")
    else:
        out.note(_SENT_BY)


async def _reconcile(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_reconciler

    def tell(report: "Reconciled") -> None:
        out.note(f"{report.checked} compared")

    async with open_reconciler(options.profile) as reconciler:
        report = await reconciler.run(options.since, tell)
    for entry, found in report.differing:
        print_entry(entry, out, check=_WORDS[found.value])
    counts = {
        "compared": report.checked,
        "same": report.same,
        "taken_back": report.taken_back,
        "in_correction": report.in_correction,
        "not_comparable": report.not_comparable,
        **{
            word: sum(_WORDS[found.value] == word for _, found in report.differing)
            for word in _WORDS.values()
        },
    }
    out.item(counts, ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in counts.items()))
    if report.differing:
        raise Refused(
            f"the EHR does not hold {len(report.differing)} of {report.checked} readings as they "
            "were filed",
            meaning="they were erased on this computer after the EHR had given them back",
            hint="let the administrator of the EHR look at what became of them",
        )
    return ExitCode.DONE


_WORDS = {
    "absent": "missing",
    "different": "changed",
    "doubled": "doubled",
    "retracted": "retracted-elsewhere",
}
