"""The command line: runs one command, and turns an error into sentences and an exit code."""

import argparse
import logging
import os
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from ohx_desktop.cli.output import Output
from ohx_desktop.cli.parser import parse
from ohx_desktop.domain.errors import ExitCode, OhxError
from ohx_desktop.ops.crashes import leave_nothing_behind

# What the shell gives for a program that ended by a bug of ours, or by Ctrl-C.
_BUG = 1
_CANCELLED = 130


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    out = Output(as_json="--json" in arguments)
    debug = "--debug" in arguments
    leave_nothing_behind(shows_traces=debug)
    # Libraries must not write on stderr: their texts may quote what they handled.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        options = parse(arguments)
        _default(options, "profile", _profile_from_environment())
        _default(options, "json", False)
        command = getattr(options, "run", None) or _window
        result = command(options, out)
        return int(_finished(result) if isinstance(result, Coroutine) else result)
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


def _finished(command: Coroutine[Any, Any, int]) -> int:
    # The window brings its own loop, and its first frame needs none.
    import asyncio

    from ohx_desktop.ops.logging import report_bugs_of

    async def watched() -> int:
        report_bugs_of(asyncio.get_running_loop())
        return await command

    return asyncio.run(watched())


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
        import traceback

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
