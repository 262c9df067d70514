"""The window: what `ohx-desktop` does without a command."""

import argparse
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import UsageError

if TYPE_CHECKING:
    from ohx_desktop.app import Workstation
    from ohx_desktop.app.keys import AskKey


def open_window(options: argparse.Namespace, out: Output) -> int:
    """Open the staff window, or the demo; return the exit code."""
    if options.offscreen and not options.demo:
        raise UsageError("--offscreen goes with --demo", hint="ohx-desktop --demo --offscreen DIR")
    if options.offscreen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    if options.demo:
        from ohx_desktop.demo.program import run_demo

        out.note("Demo: virtual cuff, sandbox EHR, invented people. Nothing of it is kept.")
        return run_demo(options.offscreen)

    from ohx_desktop.station import run_station

    return run_station(
        lambda changed, ask_key: _open_services(options.profile, changed, ask_key),
        salvage=lambda: _salvage(options.profile),
    )


def _open_services(
    directory: Path | None, changed: Callable[[], None], ask_key: "AskKey"
) -> AbstractAsyncContextManager["Workstation"]:
    # Imported when the first frame is on the screen.
    from ohx_desktop.app import open_workstation
    from ohx_desktop.settings.profile import Profile

    return open_workstation(Profile.at(directory), on_queue_change=changed, ask_key=ask_key)


def _salvage(directory: Path | None) -> list[str]:
    from ohx_desktop.app.salvage import salvage_queue

    report = salvage_queue(directory, has_terminal=False)
    return [] if report is None else report.summary()
