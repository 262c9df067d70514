"""The virtual cloud services as a process of their own.

    python -m ohx_desktop.virtual.cloud [--port N]

Prints one line of JSON with what the settings `[cloud.withings]` and `[cloud.google_health]` take,
and the client's secret; serves until Ctrl-C or SIGTERM.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from dataclasses import asdict

from ohx_desktop.virtual.cloud.services import CLIENT_ID, CLIENT_SECRET, VirtualClouds


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m ohx_desktop.virtual.cloud",
        description="A virtual Withings and a virtual Google Health.",
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(arguments.port))


async def _serve(port: int) -> None:
    stopping = asyncio.Event()
    # Windows has no signal handlers on the loop; there Ctrl-C is the way to stop.
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    clouds = VirtualClouds()
    await clouds.start(port=port)
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    line = {
        "withings": asdict(clouds.withings_addresses) | client,
        "google_health": asdict(clouds.google_addresses) | client,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    try:
        await stopping.wait()
    finally:
        await clouds.stop()


if __name__ == "__main__":
    main()
