"""`key`: where the key of the queue is, and how it is made, moved and sealed anew."""

import argparse
import sys
from dataclasses import asdict
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode, KeyPinNeeded, UsageError

if TYPE_CHECKING:
    from ohx_desktop.app.key_keeper import KeyKeeper

_OLD, _NEW, _AGAIN = "PIN of the queue", "New PIN or passphrase", "The same again"
_BY_STDIN = "PINs are asked for at the terminal, or read from stdin, a line each: the old one first"


def add_commands(_add: Any, group: Any) -> None:
    """Add `key`."""
    key = group("key", "the key that seals the queue of this workstation")
    status = key("status", _status, "tell where the key is, and what of a move was not ended")
    status.add_argument(
        "--open", action="store_true", help="also open the queue with it; asks for a PIN if need be"
    )
    key("create", _create, f"make the key where there is no queue yet. {_BY_STDIN}")
    key("change-pin", _change_pin, f"seal the same key with another PIN. {_BY_STDIN}")
    move = key(
        "move",
        _move,
        f"bring the key to another source and make it the one in force. {_BY_STDIN}",
    )
    move.add_argument("--to", required=True, choices=("keyring", "pin", "file"))
    move.add_argument(
        "--key-file", type=Path, metavar="FILE", help="with --to file: on an encrypted disk"
    )


def _status(options: argparse.Namespace, out: Output) -> int:
    keeper = _keeper(options)
    status = keeper.status()
    if options.open:
        keeper.prove(_old_pin(keeper))
    kept = {True: "there", False: "not made yet", None: "told only when it is used"}
    lines = [f"key source: {status.source}", f"place: {status.place} ({kept[status.is_kept]})"]
    if not status.has_queue:
        lines.append("queue: none yet")
    elif options.open:
        lines.append("queue: opens with this key")
    if status.move is not None:
        lines.append(
            f"a move from {status.move.source} to {status.move.target} was not ended; "
            f"repeat it: ohx-desktop key move --to {status.move.target}"
        )
    form = {**asdict(status), "opens": True if options.open and status.has_queue else None}
    out.item(form, "\n".join(lines))
    return ExitCode.DONE


def _create(options: argparse.Namespace, out: Output) -> int:
    keeper = _keeper(options)
    keeper.create(_new_pin() if keeper.source == "pin" else None)
    out.item({"source": keeper.source, "created": True}, "the key is made")
    return ExitCode.DONE


def _change_pin(options: argparse.Namespace, out: Output) -> int:
    keeper = _keeper(options)
    if keeper.source != "pin":
        raise UsageError(
            f"the key of the queue is not sealed with a PIN, it comes from: {keeper.source}",
            hint="seal it with one: ohx-desktop key move --to pin",
        )
    old = _hidden(_OLD)
    keeper.change_pin(old, _new_pin())
    out.item({"changed": True}, "the new PIN opens the queue; the old one no longer does")
    return ExitCode.DONE


def _move(options: argparse.Namespace, out: Output) -> int:
    keeper = _keeper(options)
    if (options.to == "file") != (options.key_file is not None):
        raise UsageError("--key-file goes with --to file, and is needed there")
    if options.to == keeper.source:
        if not keeper.finish_move(_old_pin(keeper)):
            raise UsageError(f"the key comes from there already: {keeper.source}")
    else:
        before = keeper.source
        old = _old_pin(keeper)
        keeper.move(
            options.to,
            key_file=options.key_file and options.key_file.absolute(),
            old_pin=old,
            new_pin=_new_pin() if options.to == "pin" else None,
        )
        if before == "systemd-credential":
            out.note("take the credential out of the unit, and remove its file")
    out.note("a window that is open keeps working, and asks the new source at its next start")
    out.item({"source": options.to, "moved": True}, f"the key comes from now on from: {options.to}")
    return ExitCode.DONE


def _keeper(options: argparse.Namespace) -> "KeyKeeper":
    from ohx_desktop.app.key_keeper import KeyKeeper

    return KeyKeeper(options.profile)


def _old_pin(keeper: "KeyKeeper") -> str | None:
    return _hidden(_OLD) if keeper.source == "pin" else None


def _new_pin() -> str:
    pin = _hidden(_NEW)
    if sys.stdin.isatty() and _hidden(_AGAIN) != pin:
        raise UsageError("the two are not the same", hint="try again; nothing has changed")
    return pin


def _hidden(what: str) -> str:
    """Return what a person types, unseen, or the next line of stdin."""
    if sys.stdin.isatty():
        return getpass(f"{what}: ")
    try:
        line = sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise UsageError("stdin is not UTF-8 text") from None
    if not line:
        raise KeyPinNeeded("stdin held no PIN", hint=_BY_STDIN)
    return line
