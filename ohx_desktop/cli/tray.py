"""`tray`: readings that came but were not confirmed, seen and worked from the command line."""

import argparse
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ohx_desktop.cli.devices import describe
from ohx_desktop.cli.filing import PERFORMER_HELP
from ohx_desktop.cli.output import Output
from ohx_desktop.cli.queue_output import print_entry
from ohx_desktop.domain.errors import ExitCode

if TYPE_CHECKING:
    from ohx_desktop.desk.tray_items import TrayItem
    from ohx_desktop.outbox.tray_records import TrayEntry

_ID_HELP = "id of the reading (tray list)"


def add_commands(_add: Any, group: Any) -> None:
    """Add `tray`."""
    tray = group("tray", "readings that devices sent and nobody has confirmed yet")
    list_ = tray("list", _list, "list what waits for a person; without the measured values")
    list_.add_argument(
        "--show-values", action="store_true", help="print the measured values, too: health data"
    )
    assign = tray(
        "assign",
        _assign,
        "confirm a reading for a patient: queued safely. Make sure by two identifiers whose it is; "
        "who was in view when it came is only a hint",
    )
    assign.add_argument("id", type=UUID, metavar="ID", help=_ID_HELP)
    assign.add_argument(
        "--patient", required=True, metavar="Patient/ID", help="whose reading it is"
    )
    assign.add_argument("--performer", metavar="Practitioner/ID", help=PERFORMER_HELP)
    discard = tray("discard", _discard, "give readings up; they are erased")
    discard.add_argument("ids", type=UUID, metavar="ID", nargs="+", help=_ID_HELP)
    discard.add_argument(
        "--reason",
        required=True,
        metavar="CODE",
        help="why, as a code of lower-case letters, digits and hyphens: not-a-patient",
    )


async def _list(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk

    async with open_desk(options.profile, sending=False) as desk:
        items = await desk.tray.items()
    for item in items:
        form = _form(item, with_values=options.show_values)
        out.item(form, _text(item, with_values=options.show_values))
    if not items:
        out.note("the tray is empty")
    return ExitCode.DONE


async def _assign(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk

    async with open_desk(options.profile, sending=False) as desk:
        entry = await desk.tray.assign(
            options.id,
            patient=options.patient,
            performer=options.performer,
            verifier=options.performer,
        )
    print_entry(entry, out)
    return ExitCode.DONE


async def _discard(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_desk

    async with open_desk(options.profile, sending=False) as desk:
        for record_id in options.ids:
            entry = await desk.tray.discard(record_id, reason=options.reason)
            out.item(_receipt(entry), f"{entry.id}  {entry.state}  {entry.reason}")
    return ExitCode.DONE


def _form(item: "TrayItem", *, with_values: bool) -> dict[str, Any]:
    from ohx_desktop.domain.reading_json import reading_to_json

    reading, device = item.reading, item.device
    when = reading.measured_at if reading else None
    form = {
        "id": str(item.id),
        "captured_at": item.captured_at.isoformat(),
        "measured_at": when.isoformat() if when else None,
        "device": {
            "manufacturer": device.manufacturer,
            "model": device.model,
            "address": device.address,
        },
        "patient_in_view": item.patient_in_view,
        "stored": item.is_stored,
        "refusal": item.refusal,
        "overdue": item.is_overdue,
    }
    if with_values:
        form["reading"] = reading_to_json(reading) if reading else None
    return form


def _text(item: "TrayItem", *, with_values: bool) -> str:
    device = f"{item.device.manufacturer or ''} {item.device.model or ''}".strip()
    told = [
        str(item.id),
        item.captured_at.astimezone().isoformat(sep=" ", timespec="seconds"),
        device or item.device.address,
        f"{item.patient_in_view} was in view" if item.patient_in_view else None,
        "from the device's memory" if item.is_stored else None,
        f"not decoded: {item.refusal}" if item.refusal else None,
        "OVERDUE" if item.is_overdue else None,
        describe(item.reading) if with_values and item.reading else None,
    ]
    return "  ".join(part for part in told if part)


def _receipt(entry: "TrayEntry") -> dict[str, Any]:
    return {"id": str(entry.id), "state": entry.state.value, "reason": entry.reason}
