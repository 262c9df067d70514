"""`selfcheck`: is this installation complete? The tests of installers call it."""

import argparse
import os
from importlib import import_module
from typing import Any

from ohx_desktop.cli.output import Output

# Of every so-manyth point of the screen, in both directions; a blank one has a colour or two.
_SAMPLED_EVERY = 4
_FEWEST_COLOURS = 8
_FONT = "Inter"


def add_commands(add: Any, _group: Any) -> None:
    """Add `selfcheck`."""
    add(
        "selfcheck",
        _selfcheck,
        "check that every part of the program is installed and works",
        description=(
            "Check that every part of the program is installed and works: imports, resources, TLS, "
            "keyring, Bluetooth, the encrypted queue and one frame of the window. Needs no "
            "settings, no device, no EHR and no display; for those see: ohx-desktop doctor."
        ),
    )


async def _selfcheck(_options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.cli.doctor import tell_findings
    from ohx_desktop.ops.selfcheck import installation_checks, part

    checks = (*installation_checks(_import_all), part("screen", _paint, in_thread=False))
    return await tell_findings(checks, out)


def _import_all() -> None:
    """Import what the workstation and the demo import by and by."""
    from ohx_desktop.app import import_services

    import_services()
    for name in ("ohx_desktop.station_life", "ohx_desktop.demo.rig"):
        import_module(name)


def _paint() -> str:
    """Paint the window's first screen without a display, and look at it."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from ohx_desktop.desk.states import FindPatient
    from ohx_desktop.ui.shell import create_application, open_window
    from ohx_desktop.ui.theme.tokens import Theme

    application = create_application(["ohx-desktop"])
    window = open_window(application, Theme.LIGHT)
    try:
        window.show_state(FindPatient())
        frame = window.grab().toImage()
        colours = {
            frame.pixel(x, y)
            for x in range(0, frame.width(), _SAMPLED_EVERY)
            for y in range(0, frame.height(), _SAMPLED_EVERY)
        }
    finally:
        window.leave()
    if len(colours) < _FEWEST_COLOURS:
        raise RuntimeError("the first screen is blank")
    if _FONT not in application.font().families():
        raise RuntimeError("the fonts of the program were not loaded")
    return f"one frame of {frame.width()} by {frame.height()} pixels"
