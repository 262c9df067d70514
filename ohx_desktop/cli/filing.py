"""`map` and `submit`: from a confirmed reading to the EHR, without the window."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ohx_desktop.cli.devices import seconds
from ohx_desktop.cli.input import json_values, read_text
from ohx_desktop.cli.output import Output
from ohx_desktop.cli.queue import settle, verdict
from ohx_desktop.cli.queue_output import print_entry
from ohx_desktop.domain.care_context import CareContext
from ohx_desktop.domain.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from ohx_desktop.app import FilingDesk
    from ohx_desktop.domain.reading import Reading
    from ohx_desktop.outbox.states import OutboxEntry


PERFORMER_HELP = (
    "who measured and confirms; needed where people sign in at the window (station.sign_in), "
    "for nobody signs in on the command line"
)


def add_commands(add: Any, _group: Any) -> None:
    """Add `map` and `submit`."""
    map_ = add("map", _map, "print the FHIR transaction that would be sent; sends nothing")
    submit = add("submit", _submit, "confirm readings for a patient: queued safely, then sent")
    for command in (map_, submit):
        command.add_argument(
            "file",
            metavar="FILE",
            help="readings as `read` and `decode --json` print them; - is stdin",
        )
        command.add_argument(
            "--patient", required=True, metavar="Patient/ID", help="whose readings they are"
        )
        command.add_argument("--performer", metavar="Practitioner/ID", help=PERFORMER_HELP)
        command.add_argument(
            "--encounter", metavar="Encounter/ID", help="the visit the readings were taken in"
        )
        command.add_argument(
            "--based-on", metavar="ServiceRequest/ID", help="the order that the readings answer"
        )
    map_.add_argument(
        "--fhir-version",
        choices=("R5", "R4"),
        default="R5",
        help="version of FHIR of the server it would be sent to (default R5)",
    )
    map_.add_argument(
        "--mapping",
        type=Path,
        metavar="FILE",
        help="a mapping file to try in place of the one in force",
    )
    submit.add_argument(
        "--wait", action="store_true", help="wait until the EHR acknowledged or refused each"
    )
    submit.add_argument(
        "--seconds",
        type=seconds,
        default=120.0,
        metavar="N",
        help="how long --wait waits at most (default 120)",
    )


def read_readings(file: str) -> "tuple[Reading, ...]":
    """Return the readings of a file ("-" is stdin).

    Raises UsageError for another form, Implausible for what no living person can have.
    """
    from ohx_desktop.domain.plausibility import require_plausible
    from ohx_desktop.domain.reading_json import reading_from_json

    readings = []
    for number, form in enumerate(json_values(read_text(file)), start=1):
        if not isinstance(form, dict):
            raise UsageError(f"item {number} of the input is not a reading")
        reading = reading_from_json(form)
        require_plausible(reading.quantities)
        readings.append(reading)
    if not readings:
        raise UsageError("the input holds no reading")
    return tuple(readings)


def _map(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_maker
    from ohx_desktop.fhir.encoding import encode
    from ohx_desktop.fhir.mapping import as_r4

    readings = read_readings(options.file)
    maker = open_maker(options.profile, mapping=options.mapping)
    for reading in readings:
        submission = maker.submission(
            reading,
            patient=options.patient,
            performer=options.performer,
            verifier=options.performer,
            context=_context(options),
        )
        bundle = maker.bundle(submission)
        out.raw(encode(as_r4(bundle) if options.fhir_version == "R4" else bundle).decode())
    return ExitCode.DONE


def _context(options: argparse.Namespace) -> CareContext:
    return CareContext(encounter=options.encounter, based_on=options.based_on)


async def _submit(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk

    readings = read_readings(options.file)
    async with open_desk(options.profile, sending=options.wait) as desk:
        entries = [await _queue(desk, reading, options) for reading in readings]
        if options.wait:
            entries = await settle(desk.outbox, entries, options.seconds)
        problem = desk.outbox.problem
    for entry in entries:
        print_entry(entry, out)
    return verdict(entries, problem) if options.wait else ExitCode.DONE


async def _queue(
    desk: "FilingDesk", reading: "Reading", options: argparse.Namespace
) -> "OutboxEntry":
    from ohx_desktop.outbox.states import EntryState

    entry = await desk.filing.submit(
        reading,
        patient=options.patient,
        performer=options.performer,
        verifier=options.performer,
        context=_context(options),
    )
    if entry.state is EntryState.DISCARDED:
        raise UsageError(
            "this reading was discarded before",
            meaning="it was not queued again",
            hint="measure again",
        )
    return entry
