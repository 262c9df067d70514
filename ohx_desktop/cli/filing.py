"""`map`, `submit` and `queue`: from a confirmed reading to the EHR, without the window."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode, Refused, Transient, UsageError

if TYPE_CHECKING:
    from ohx_desktop.domain.reading import Reading
    from ohx_desktop.outbox.states import OutboxEntry


def add_commands(add: Any, group: Any) -> None:
    """Add `map`, `submit` and `queue`."""
    map_ = add("map", _map, "print the FHIR transaction that would be sent; sends nothing")
    submit = add("submit", _submit, "confirm readings for a patient: queued safely, then sent")
    for command in (map_, submit):
        command.add_argument("file", metavar="FILE", help="readings as NDJSON; - is stdin")
        command.add_argument("--patient", required=True, metavar="Patient/ID")
        command.add_argument("--performer", metavar="Practitioner/ID", help="who measured")
    map_.add_argument("--fhir-version", choices=("R5",), default="R5")
    submit.add_argument(
        "--wait", action="store_true", help="wait until the EHR acknowledged or refused each"
    )
    submit.add_argument("--seconds", type=float, default=120.0, metavar="N", help="limit of --wait")

    queue = group("queue", "the readings on their way to the EHR")
    queue("list", _list, "list what waits, what was sent and what needs a person")
    drain = queue("drain", _drain, "send all that waits, now")
    drain.add_argument("--seconds", type=float, default=120.0, metavar="N")
    retry = queue("retry", _retry, "put an entry that needs attention back into the queue")
    retry.add_argument("id", type=UUID, metavar="ID")
    discard = queue("discard", _discard, "give an entry up; its reading is erased")
    discard.add_argument("id", type=UUID, metavar="ID")
    discard.add_argument("--reason", required=True, metavar="CODE", help="such as wrong-patient")


def read_readings(file: str) -> "tuple[Reading, ...]":
    """Return the readings of an NDJSON file ("-" is stdin). Raises UsageError."""
    from ohx_desktop.domain.reading_json import reading_from_json

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read ({type(error).__name__})") from error
    readings = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            form = json.loads(line)
        except ValueError:
            raise UsageError(f"line {number} of the input is not JSON") from None
        if not isinstance(form, dict):
            raise UsageError(f"line {number} of the input is not a reading")
        readings.append(reading_from_json(form))
    if not readings:
        raise UsageError("the input holds no reading")
    return tuple(readings)


def _map(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_maker
    from ohx_desktop.fhir.encoding import encode
    from ohx_desktop.fhir.mapping import transaction_bundle

    maker = open_maker(options.profile)
    for reading in read_readings(options.file):
        submission = maker.submission(reading, patient=options.patient, performer=options.performer)
        out.raw(encode(transaction_bundle(submission)).decode())
    return ExitCode.DONE


async def _submit(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk
    from ohx_desktop.outbox.states import EntryState

    readings = read_readings(options.file)
    async with open_desk(options.profile, sending=options.wait) as desk:
        entries = [
            await desk.filing.submit(reading, patient=options.patient, performer=options.performer)
            for reading in readings
        ]
        if not options.wait:
            for entry in entries:
                _print_entry(entry, out)
            return ExitCode.DONE
        ended = await asyncio.gather(
            *(desk.outbox.wait_until_settled(e.id, deadline_s=options.seconds) for e in entries)
        )
    for entry in ended:
        _print_entry(entry, out)
    return _verdict(ended, EntryState.NEEDS_ATTENTION)


def _verdict(entries: "list[OutboxEntry]", refused: str) -> int:
    """Return 0 when all arrived; raise what the worst of them means."""
    from ohx_desktop.outbox.states import ARRIVED

    if any(entry.state == refused for entry in entries):
        raise Refused("the EHR refused a reading")
    if any(entry.state not in ARRIVED for entry in entries):
        raise Transient("the EHR has not acknowledged every reading yet")
    return ExitCode.DONE


async def _list(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk

    async with open_desk(options.profile, sending=False) as desk:
        entries = await desk.outbox.entries()
    for entry in entries:
        _print_entry(entry, out)
    if not entries:
        out.note("the queue is empty")
    return ExitCode.DONE


async def _drain(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk
    from ohx_desktop.outbox.states import SETTLED, EntryState

    async with open_desk(options.profile, sending=True) as desk:
        waiting = [e.id for e in await desk.outbox.entries() if e.state not in SETTLED]
        ended = await asyncio.gather(
            *(desk.outbox.wait_until_settled(i, deadline_s=options.seconds) for i in waiting)
        )
    for entry in ended:
        _print_entry(entry, out)
    return _verdict(ended, EntryState.NEEDS_ATTENTION)


async def _retry(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk

    async with open_desk(options.profile, sending=False) as desk:
        _print_entry(await desk.outbox.retry(options.id), out)
    return ExitCode.DONE


async def _discard(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk

    async with open_desk(options.profile, sending=False) as desk:
        _print_entry(await desk.outbox.discard(options.id, options.reason), out)
    return ExitCode.DONE


def entry_to_json(entry: "OutboxEntry") -> dict[str, Any]:
    """Return the form in which an entry is listed."""
    return {
        "id": str(entry.id),
        "reading_id": str(entry.reading_id),
        "state": entry.state.value,
        "attempts": entry.attempts,
        "next_attempt": entry.next_attempt.isoformat() if entry.next_attempt else None,
        "last_error": entry.last_error,
        "ehr_reference": entry.ehr_reference,
    }


def _print_entry(entry: "OutboxEntry", out: Output) -> None:
    told = [
        str(entry.id),
        entry.state.value,
        entry.ehr_reference,
        f"after {entry.attempts} attempts" if entry.attempts > 1 else None,
        entry.last_error,
    ]
    out.item(entry_to_json(entry), "  ".join(part for part in told if part))
