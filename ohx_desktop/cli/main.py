"""The command line: which commands there are, and how an error becomes an exit code."""

import argparse
import asyncio
import logging
import os
import sys
import traceback
from collections.abc import Callable, Coroutine, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from ohx_desktop import __version__
from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode, OhxError, UsageError

# Modules with an `add_commands(subparsers)` each. Their imports are light: a command imports what
# it needs when it runs.
_GROUPS = ("devices", "decode", "filing", "queue", "ehr", "config", "doctor", "selfcheck")
# What the shell gives for a program that ended by a bug of ours, or by Ctrl-C.
_BUG = 1
_CANCELLED = 130

_DESCRIPTION = """\
Reads blood-pressure cuffs over Bluetooth, has a person confirm each reading, and delivers it to
the clinic's EHR as FHIR. Without a command the window opens."""


class _Parser(argparse.ArgumentParser):
    """Wrong usage is an OhxError too, so that --json gets its object.

    Options are never shortened: `--js` would be one thing today and another tomorrow.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **more})

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"see: {self.prog} --help")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    common = _Parser(add_help=False)
    everywhere = common.add_argument_group("options of every command")
    everywhere.add_argument(
        "--profile",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="keep settings, queue and logs under DIR (also: OHX_PROFILE)",
    )
    everywhere.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print NDJSON on stdout and everything else on stderr",
    )
    everywhere.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks"
    )
    parser = _Parser(prog="ohx-desktop", description=_DESCRIPTION, parents=[common])
    parser.add_argument("--version", action="version", version=f"ohx-desktop {__version__}")
    parser.add_argument(
        "--demo", action="store_true", help="virtual devices and an embedded sandbox EHR"
    )
    parser.add_argument(
        "--offscreen",
        metavar="DIR",
        type=Path,
        help="with --demo: walk the window without a display and save its pictures in DIR",
    )
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)

    def add(name: str, run: Callable[..., Any], help_: str, **more: Any) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=help_, description=more.pop("description", help_), parents=[common], **more
        )
        command.set_defaults(run=run)
        return command

    def group(name: str, help_: str) -> Callable[..., argparse.ArgumentParser]:
        parent = commands.add_parser(name, help=help_, description=help_, parents=[common])
        inner = parent.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)

        def add_inner(inner_name: str, run: Callable[..., Any], inner_help: str) -> Any:
            command = inner.add_parser(
                inner_name, help=inner_help, description=inner_help, parents=[common]
            )
            command.set_defaults(run=run)
            return command

        return add_inner

    for module in _GROUPS:
        import_module(f"ohx_desktop.cli.{module}").add_commands(add, group)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    out = Output(as_json="--json" in arguments)
    debug = "--debug" in arguments
    # Libraries must not write on stderr: their texts may quote what they handled.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        options = build_parser().parse_args(arguments)
        _default(options, "profile", _profile_from_environment())
        _default(options, "json", False)
        command = getattr(options, "run", None) or _window
        result = command(options, out)
        return int(asyncio.run(_watched(result)) if asyncio.iscoroutine(result) else result)
    except OhxError as error:
        out.error(error)
        _show_trace(wanted=debug)
        return int(error.exit_code)
    except KeyboardInterrupt:
        out.note("cancelled; what was queued before stays queued")
        return _CANCELLED
    except BrokenPipeError:
        # The reader of stdout went away; Python would complain once more while closing it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.DONE)
    except Exception as error:  # noqa: BLE001 - a bug of ours; people get no traceback
        out.error(_bug(error))
        _show_trace(wanted=debug)
        return _BUG


async def _watched(command: Coroutine[Any, Any, int]) -> int:
    from ohx_desktop.ops.logging import report_bugs_of

    report_bugs_of(asyncio.get_running_loop())
    return await command


def _bug(error: Exception) -> OhxError:
    """Return what people are told of a bug: its kind and never its text, which may quote data."""
    told = OhxError(
        f"an unexpected error of this program stopped the command ({type(error).__name__})",
        meaning="what was queued before stays queued",
        hint="report it to support; with --debug the command shows where it happened",
    )
    told.code = "bug"
    return told


def _show_trace(*, wanted: bool) -> None:
    if wanted:
        traceback.print_exc()


def _window(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.cli.window import open_window

    return open_window(options, out)


def _default(options: argparse.Namespace, name: str, value: Any) -> None:
    if not hasattr(options, name):
        setattr(options, name, value)


def _profile_from_environment() -> Path | None:
    named = os.environ.get("OHX_PROFILE")
    return Path(named) if named else None
