"""`decode`: captured bytes to Readings, without a radio."""

import argparse
from typing import Any

from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode, UsageError


def add_commands(add: Any, _group: Any) -> None:
    """Add `decode`."""
    command = add("decode", _decode, "decode captured bytes of a device to readings")
    command.add_argument(
        "--model",
        required=True,
        metavar="MODEL",
        help='the device\'s model name, or "generic" (plain Bluetooth SIG)',
    )
    command.add_argument(
        "--characteristic",
        metavar="UUID",
        help="where the bytes come from, such as 2A35 (Blood Pressure Measurement)",
    )
    command.add_argument(
        "frames",
        nargs="+",
        metavar="HEX",
        help="the bytes of each notification, in order, two hexadecimal digits a byte",
    )


def _decode(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.ble.captured import decode_captured
    from ohx_desktop.cli.devices import describe
    from ohx_desktop.domain.clock import system_now
    from ohx_desktop.domain.reading_json import reading_to_json

    try:
        frames = [bytes.fromhex(frame) for frame in options.frames]
    except ValueError:
        raise UsageError("a frame is not hexadecimal", hint="two digits a byte") from None
    readings = decode_captured(
        options.model, options.characteristic, frames, received_at=system_now()
    )
    for reading in readings:
        out.item(reading_to_json(reading), describe(reading))
    return ExitCode.DONE
