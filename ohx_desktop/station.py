"""The staff window and the services behind it: one program, one loop, one way out.

The first frame is on the screen before the loop or any service is imported.
"""

from typing import TYPE_CHECKING

from ohx_desktop.ui.shell import create_application, dress, open_window

if TYPE_CHECKING:
    from ohx_desktop.station_life import Companion, OpenServices, Salvage


def run_station(
    open_services: "OpenServices",
    *,
    companion: "Companion | None" = None,
    salvage: "Salvage | None" = None,
) -> int:
    """Show the window until it is closed; return the exit code.

    `salvage` is offered where the queue is damaged.
    """
    application = create_application()
    window = open_window(application)
    # Painted. From here on, what that frame did not wait for.
    dress(application)
    window.show_starting()
    from ohx_desktop.station_life import StationLife
    from ohx_desktop.ui.bridge import run

    station = StationLife(application, window)
    return run(application, station.live(open_services, companion, salvage))
