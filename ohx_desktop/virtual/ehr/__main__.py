"""The sandbox EHR as a process of its own.

    python -m ohx_desktop.virtual.ehr [--port N] [--sign-in]

Prints one line of JSON, {"base_url": …}, and serves until its standard input closes, or until
SIGTERM or Ctrl-C. Faults are armed by lines of JSON on standard input, with the arguments of
Faults.arm by name; "disarm" takes one or, empty, all of them back:

    {"arm": "unavailable", "times": 2, "retry_after": 120}
    {"disarm": ""}

With --sign-in nobody gets in without a token; programs are registered by such lines as well:

    {"register": "backend", "jwks": {"keys": […]}}
    {"register": "kiosk", "secret": "…"}

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

from ohx_desktop.virtual.ehr.faults import Fault, Scope
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
    parser.add_argument("--sign-in", action="store_true", help="want a token, and hand them out")
    arguments = parser.parse_args()
    ehr = SandboxEhr(seeded=not arguments.empty, wants_sign_in=arguments.sign_in)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(ehr, arguments.host, arguments.port))


async def _serve(ehr: SandboxEhr, host: str, port: int) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    # Windows has no signal handlers on the loop; there the closing input is the way to stop.
    with contextlib.suppress(NotImplementedError):
        loop.add_signal_handler(signal.SIGTERM, stopping.set)
    _say({"base_url": await ehr.start(host, port)})
    threading.Thread(
        target=_read_input, args=(ehr, loop, stopping), name="stdin", daemon=True
    ).start()
    await stopping.wait()
    await ehr.stop()


def _read_input(ehr: SandboxEhr, loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    """Obey lines until the input ends.

    Reads the descriptor: a daemon thread inside sys.stdin would hold its lock when the
    interpreter ends.
    """
    pending = b""
    while chunk := os.read(0, READ_BYTES):
        *lines, pending = (pending + chunk).split(b"\n")
        for line in filter(None, map(bytes.strip, lines)):
            _say(_obey(line, ehr))
    # The loop is closed when SIGTERM came first.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stopping.set)


def _obey(line: bytes, ehr: SandboxEhr) -> dict[str, Any]:
    try:
        arguments = json.loads(line)
        if "register" in arguments:
            _register(ehr, arguments.pop("register"), **arguments)
        elif "disarm" in arguments:
            ehr.faults.disarm(Fault(arguments["disarm"]) if arguments["disarm"] else None)
        else:
            scope = arguments.pop("scope", None)
            if isinstance(arguments.get("retry_after"), str):
                arguments["retry_after"] = datetime.fromisoformat(arguments["retry_after"])
            ehr.faults.arm(
                Fault(arguments.pop("arm")), scope=Scope(scope) if scope else None, **arguments
            )
    except (ValueError, TypeError, KeyError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"done": True}


def _register(ehr: SandboxEhr, client_id: str, **proof: Any) -> None:
    from ohx_desktop.virtual.ehr.authorization import Client

    if ehr.authorization is None:
        raise ValueError("this server wants no sign-in")
    ehr.authorization.register(Client(client_id=client_id, **proof))


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
