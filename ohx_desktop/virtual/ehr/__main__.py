"""The sandbox EHR as a process of its own.

    python -m ohx_desktop.virtual.ehr [--port N]

Prints one line of JSON, {"base_url": …}, and serves until its standard input closes, or until
SIGTERM or Ctrl-C. Faults are armed by lines of JSON on standard input, with the arguments of
Faults.arm by name; "disarm" takes one or, empty, all of them back:

    {"arm": "unavailable", "times": 2, "retry_after": 120}
    {"disarm": ""}

A time for retry_after is written in ISO 8601 with its offset.
Each line is answered by one line: {"done": true} or {"error": "…"}.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from datetime import datetime
from typing import Any

from ohx_desktop.virtual.ehr.faults import Fault, Faults, Scope
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr

READ_BYTES = 4096


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m ohx_desktop.virtual.ehr", description="A sandbox EHR (FHIR R5)."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--empty", action="store_true", help="start without invented patients")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(arguments.host, arguments.port, seeded=not arguments.empty))


async def _serve(host: str, port: int, *, seeded: bool) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    # Windows has no signal handlers on the loop; there the closing input is the way to stop.
    with contextlib.suppress(NotImplementedError):
        loop.add_signal_handler(signal.SIGTERM, stopping.set)
    ehr = SandboxEhr(seeded=seeded)
    _say({"base_url": await ehr.start(host, port)})
    threading.Thread(
        target=_read_input, args=(ehr.faults, loop, stopping), name="stdin", daemon=True
    ).start()
    await stopping.wait()
    await ehr.stop()


def _read_input(faults: Faults, loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    """Obey lines until the input ends.

    Reads the descriptor: a daemon thread inside sys.stdin would hold its lock when the
    interpreter ends.
    """
    pending = b""
    while chunk := os.read(0, READ_BYTES):
        *lines, pending = (pending + chunk).split(b"\n")
        for line in filter(None, map(bytes.strip, lines)):
            _say(_obey(line, faults))
    # The loop is closed when SIGTERM came first.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stopping.set)


def _obey(line: bytes, faults: Faults) -> dict[str, Any]:
    try:
        arguments = json.loads(line)
        if "disarm" in arguments:
            faults.disarm(Fault(arguments["disarm"]) if arguments["disarm"] else None)
        else:
            scope = arguments.pop("scope", None)
            if isinstance(arguments.get("retry_after"), str):
                arguments["retry_after"] = datetime.fromisoformat(arguments["retry_after"])
            faults.arm(
                Fault(arguments.pop("arm")), scope=Scope(scope) if scope else None, **arguments
            )
    except (ValueError, TypeError, KeyError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"done": True}


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
