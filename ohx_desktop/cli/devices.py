"""`scan`, `read`, `enroll`, `devices`, `unenroll`: the radio without the window."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from ohx_desktop.audit.events import Event
from ohx_desktop.cli.audit_notes import tell_audit
from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode

if TYPE_CHECKING:
    from ohx_desktop.ble.events import CaptureEvent
    from ohx_desktop.ble.recognised import Recognised
    from ohx_desktop.domain.reading import Reading

_LONGEST_S = 86_400.0
_ADDRESS_HELP = "as `scan` prints it, such as AA:BB:CC:DD:EE:FF"


def add_commands(add: Any, _group: Any) -> None:
    """Add the device commands."""
    scan = add("scan", _scan, "list the supported devices in range")
    scan.add_argument(
        "--seconds", type=seconds, default=10.0, metavar="N", help="how long to listen (default 10)"
    )
    scan.add_argument("--all", action="store_true", help="list unsupported devices too")

    read = add(
        "read",
        _read,
        "wait for a device, read it, print its readings; files nothing",
        description="Wait for a device, read it, print its readings. Files nothing and keeps "
        "nothing: what a device sends only once is then in this output alone.",
    )
    read.add_argument("--device", type=_address, metavar="ADDRESS", help="this device only")
    _add_deadline(read)
    read.add_argument(
        "--stored", action="store_true", help="also print what the device's memory held before"
    )

    enroll = add("enroll", _enroll, "pair a device and register it with this workstation")
    enroll.add_argument("address", type=_address, metavar="ADDRESS", help=_ADDRESS_HELP)
    _add_deadline(enroll)
    add("devices", _devices, "list the registered devices")
    unenroll = add("unenroll", _unenroll, "forget a registered device")
    unenroll.add_argument("address", type=_address, metavar="ADDRESS", help=_ADDRESS_HELP)


def _add_deadline(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--seconds", type=seconds, default=60.0, metavar="N", help="how long to wait (default 60)"
    )


def _address(text: str) -> str:
    """Return the address as the operating system writes it."""
    return text.strip().upper()


def seconds(text: str) -> float:
    """Return a length of time that a person typed. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a number of seconds") from None
    if not 0 < value <= _LONGEST_S:
        raise argparse.ArgumentTypeError("must be more than 0 and at most a day")
    return value


async def _scan(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_listener, open_registry

    registry = open_registry(options.profile)
    out.note(f"listening for {options.seconds:g} s …")
    found = await open_listener(options.profile).discover(
        options.seconds, include_unsupported=options.all
    )
    for advertisement, recognised in found:
        form = {
            "address": advertisement.address,
            "name": advertisement.name,
            "manufacturer": recognised.manufacturer if recognised else None,
            "model": recognised.model if recognised else None,
            "driver": recognised.driver if recognised else None,
            "rssi": advertisement.rssi,
            "enrolled": registry.has_address(advertisement.address),
        }
        told = [
            form["address"],
            f"{form['rssi']} dBm",
            form["manufacturer"],
            form["model"] or form["driver"] or "not supported",
            form["name"],
            "(registered)" if form["enrolled"] else None,
        ]
        out.item(form, "  ".join(str(part) for part in told if part))
    if not found:
        out.note("no device heard: start a measurement or press the device's Bluetooth button")
    return ExitCode.DONE


async def _read(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_listener
    from ohx_desktop.ble.events import (
        RadioLost,
        ReadingReceived,
        RecordRefused,
        SessionFailed,
        StateChanged,
    )
    from ohx_desktop.ble.read_once import read_once
    from ohx_desktop.domain.clock import system_now
    from ohx_desktop.domain.reading_json import reading_to_json

    out.note("waiting for a device: start the measurement now …")
    listener = open_listener(options.profile, ask_passkey=_ask_passkey)
    events = listener.listen(
        session_began=system_now(),
        wanted=lambda advertisement, _: options.device in (None, advertisement.address),
    )

    def tell(event: "CaptureEvent") -> None:
        match event:
            case ReadingReceived(reading=reading):
                out.item(reading_to_json(reading), describe(reading))
            case RecordRefused(error=error) | SessionFailed(error=error) | RadioLost(error=error):
                out.note(str(error))
            case StateChanged(state=state, name=name):
                out.note(f"{state}{f' ({name})' if name else ''}")

    try:
        await read_once(
            events, include_stored=options.stored, deadline_s=options.seconds, on_event=tell
        )
    finally:
        await listener.close()
    return ExitCode.DONE


async def _enroll(options: argparse.Namespace, out: Output) -> int:
    import asyncio

    from ohx_desktop.app import open_devices
    from ohx_desktop.ble.events import StateChanged

    devices = await asyncio.to_thread(open_devices, options.profile, ask_passkey=_ask_passkey)

    def tell(event: "CaptureEvent") -> None:
        if isinstance(event, StateChanged):
            out.note(f"{event.state}{f' ({event.name})' if event.name else ''}")

    out.note("put the device into pairing mode …")
    device = await devices.enrol(
        options.address,
        deadline_s=options.seconds,
        on_found=lambda recognised: _tell_steps(recognised, out),
        on_event=tell,
    )
    await asyncio.to_thread(
        tell_audit, options.profile, Event.DEVICE_ENROLLED, options.address, out
    )
    out.item(_device_form(device), f"{options.address} is registered with this workstation")
    return ExitCode.DONE


def _tell_steps(recognised: "Recognised", out: Output) -> None:
    from ohx_desktop.ble.pairing_help import pairing_help
    from ohx_desktop.ui.texts import PAIRING_HELP

    for step in pairing_help(recognised, platform=sys.platform):
        out.note(f"  {PAIRING_HELP[step]}")


def _devices(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.app import open_devices

    devices = open_devices(options.profile).registered
    for device in devices:
        identity = device.identity
        text = f"{identity.address}  {identity.manufacturer or ''} {identity.model or ''}"
        out.item(_device_form(device), f"{text.strip()}  {identity.serial or ''}".rstrip())
    if not devices:
        out.note("no device is registered: ohx-desktop enroll ADDRESS")
    return ExitCode.DONE


async def _unenroll(options: argparse.Namespace, out: Output) -> int:
    import asyncio

    from ohx_desktop.app import open_devices
    from ohx_desktop.desk.devices import BondLeft

    devices = await asyncio.to_thread(open_devices, options.profile)
    forgotten = await devices.forget(options.address)
    await asyncio.to_thread(
        tell_audit, options.profile, Event.DEVICE_UNENROLLED, options.address, out
    )
    form = {**_device_form(forgotten.device), "bond": forgotten.bond.value}
    out.item(form, f"{options.address} is no longer registered")
    if forgotten.bond is BondLeft.BY_HAND:
        out.note("remove it in the Bluetooth settings of this computer, too")
    return ExitCode.DONE


def _device_form(device: Any) -> dict[str, Any]:
    identity = device.identity
    return {
        "address": identity.address,
        "manufacturer": identity.manufacturer,
        "model": identity.model,
        "serial": identity.serial,
        "firmware": identity.firmware,
        "driver": device.driver,
        "enrolled_at": device.enrolled_at.isoformat(),
    }


async def _ask_passkey(address: str) -> int | None:
    """Ask the person at the terminal for the number on the device; None without a terminal."""
    import asyncio

    if not sys.stdin.isatty():
        return None
    prompt = f"{address} shows a number of six digits. Type it and press Enter: "
    print(prompt, end="", file=sys.stderr, flush=True)
    answer = (await asyncio.to_thread(sys.stdin.readline)).strip()
    return int(answer) if answer.isdecimal() else None


def describe(reading: "Reading") -> str:
    """Return one line that tells a reading to a person."""
    values = ", ".join(f"{q.kind.value} {q.value:f} {q.unit.value}" for q in reading.quantities)
    when = reading.measured_at.isoformat(sep=" ") if reading.measured_at else "time unknown"
    marks = [*sorted(flag.value for flag in reading.flags), *(["stored"] if reading.stored else [])]
    return f"{when} (clock: {reading.clock.trust})  {values}  {' '.join(marks)}".rstrip()
