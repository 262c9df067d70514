"""`queue`: the outbox seen and worked from the command line."""

import argparse
import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ohx_desktop.cli.devices import seconds
from ohx_desktop.cli.output import Output
from ohx_desktop.cli.queue_correcting import add_correcting, add_reason
from ohx_desktop.cli.queue_output import print_entry
from ohx_desktop.cli.salvage import run_salvage
from ohx_desktop.domain.errors import ExitCode, OhxError, Refused, Transient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ohx_desktop.fhir.client import EhrClient
    from ohx_desktop.fhir.receipt import ReceiptCheck
    from ohx_desktop.outbox.service import AsyncOutbox
    from ohx_desktop.outbox.states import OutboxEntry

# How often a pause of all sending is looked for while a command waits.
_LOOK_S = 0.1
_GONE = frozenset({404, 410})
_VERIFY = (
    "ask the EHR for each acknowledged reading: still there, final, under its patient. Values are "
    "no longer kept here; they were compared right after sending."
)


def add_commands(_add: Any, group: Any) -> None:
    """Add `queue`."""
    queue = group("queue", "the readings on their way to the EHR")
    queue("list", _list, "list what waits, what was sent and what needs a person")
    drain = queue("drain", _drain, "send all that waits, now")
    drain.add_argument(
        "--seconds",
        type=seconds,
        default=120.0,
        metavar="N",
        help="how long to try at most (default 120)",
    )
    retry = queue("retry", _retry, "put an entry that needs attention back into the queue")
    discard = queue("discard", _discard, "give an entry up; its reading is erased")
    for command in (retry, discard):
        command.add_argument("id", type=UUID, metavar="ID", help="id of the entry (queue list)")
    add_reason(discard)
    queue("verify", _verify, _VERIFY)
    queue("salvage", run_salvage, "save what is whole of a damaged queue")
    add_correcting(queue)


# ── waiting for the EHR ──────────────────────────────────────────────────────────────────────


async def settle(
    outbox: "AsyncOutbox", entries: "Sequence[OutboxEntry]", deadline_s: float
) -> "list[OutboxEntry]":
    """Return the entries once each is settled, once only a person can go on, or at the deadline."""

    async def settled() -> None:
        waits = (outbox.wait_until_settled(entry.id, deadline_s=deadline_s) for entry in entries)
        await asyncio.gather(*waits)

    ends = [asyncio.create_task(settled()), asyncio.create_task(_blocked(outbox))]
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in done:
            end.result()
    finally:
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
    return [await outbox.entry(entry.id) for entry in entries]


async def _blocked(outbox: "AsyncOutbox") -> None:
    """Return once sending pauses for a reason that time does not mend."""
    while outbox.problem is None or isinstance(outbox.problem, Transient):  # noqa: ASYNC110 - set by the sender, without an event
        await asyncio.sleep(_LOOK_S)


def verdict(entries: "Sequence[OutboxEntry]", problem: OhxError | None) -> int:
    """Return 0 when all arrived; raise what keeps the others. `problem` is why sending pauses."""
    from ohx_desktop.outbox.states import ARRIVED, EntryState

    if any(entry.state is EntryState.NEEDS_ATTENTION for entry in entries):
        raise Refused("a reading needs a person: the EHR did not take it as it was confirmed")
    if all(entry.state in ARRIVED for entry in entries):
        return ExitCode.DONE
    if problem is not None:
        raise problem
    raise Transient(
        "the EHR has not acknowledged every reading yet",
        hint="the window sends by itself while it is open; ohx-desktop queue drain sends now",
    )


# ── commands ─────────────────────────────────────────────────────────────────────────────────


async def _list(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk

    async with open_desk(options.profile, sending=False) as desk:
        entries = await desk.outbox.entries()
    for entry in entries:
        print_entry(entry, out)
    if not entries:
        out.note("the queue is empty")
    return ExitCode.DONE


async def _drain(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk
    from ohx_desktop.outbox.states import EntryState

    async with open_desk(options.profile, sending=True) as desk:
        outbox = desk.outbox
        waiting = await outbox.entries({EntryState.QUEUED, EntryState.SENDING})
        if await outbox.drain(options.seconds):
            ended = [await outbox.entry(entry.id) for entry in waiting]
        else:
            # Nothing waits any more; what has arrived is still being read back.
            ended = await settle(outbox, waiting, options.seconds)
        problem = outbox.problem
    for entry in ended:
        print_entry(entry, out)
    if not waiting:
        out.note("nothing waits")
    return verdict(ended, problem)


async def _retry(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk

    async with open_desk(options.profile, sending=False) as desk:
        print_entry(await desk.outbox.retry(options.id), out)
    return ExitCode.DONE


async def _discard(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk

    async with open_desk(options.profile, sending=False) as desk:
        entry = await desk.outbox.discard(options.id, options.reason)
        print_entry(entry, out)
        if entry.may_be_in_ehr:
            out.note(
                "the EHR may have this reading all the same; queue correct takes it back there"
            )
    return ExitCode.DONE


async def _verify(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk, open_ehr
    from ohx_desktop.fhir.receipt import ReceiptCheck
    from ohx_desktop.outbox.receipts import AsyncReceipts
    from ohx_desktop.outbox.states import ARRIVED, EntryKind

    async with open_desk(options.profile, sending=False) as desk:
        taken_back = await AsyncReceipts(desk.outbox).taken_back()
        arrived = await desk.outbox.entries(ARRIVED)
    entries = [
        entry for entry in arrived if entry.kind is EntryKind.FILING and entry.id not in taken_back
    ]
    wrong = 0
    async with open_ehr(options.profile) as ehr:
        for entry in entries:
            found = await _checked(ehr, entry)
            wrong += found in {ReceiptCheck.MISSING, ReceiptCheck.CHANGED}
            print_entry(entry, out, check=found)
    if not entries:
        out.note("the EHR has acknowledged nothing yet that could be verified")
    if wrong:
        raise Refused(
            f"the EHR no longer holds {wrong} of {len(entries)} readings as acknowledged",
            meaning="they were erased on this computer after the EHR had acknowledged them",
            hint="let the administrator of the EHR look at what became of them",
        )
    return ExitCode.DONE


async def _checked(ehr: "EhrClient", entry: "OutboxEntry") -> "ReceiptCheck":
    from ohx_desktop.fhir.receipt import ReceiptCheck, check_receipt

    if entry.ehr_reference is None:
        return ReceiptCheck.NOT_TOLD
    try:
        stored = await ehr.read(entry.ehr_reference)
    except Refused as error:
        if error.status not in _GONE:
            raise
        stored = None
    return check_receipt(entry.reading_id, stored)
