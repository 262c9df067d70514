"""A D-Bus daemon of one's own, standing in for the system bus.

The caller points `DBUS_SYSTEM_BUS_ADDRESS` at the address for the program under test; nothing
global is changed here. Linux only.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

_CONFIGURATION = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    <allow user="*"/>
    {denials}
  </policy>
</busconfig>
"""

_KEEPER = """\
"$0" --config-file="$1/bus.conf" --nofork --nopidfile --print-address=1 &
read -r _
kill "$!"
wait
rm -rf "$1"
"""
"""Shell that ends the daemon when its standard input closes, so that a killed test leaves none."""

_START_DEADLINE_S = 10.0


class BusUnavailable(Exception):  # noqa: N818 - reads as what happened
    """No private bus can be started on this computer."""


@contextlib.asynccontextmanager
async def private_system_bus(
    *, denied: Iterable[str] = (), cannot_start: Iterable[str] = ()
) -> AsyncIterator[str]:
    """Run a dbus-daemon while the context is open; yields its address. Raises BusUnavailable.

    Nobody may talk to the `denied` names; those in `cannot_start` are installed, and fail when the
    bus starts them for somebody who asks.
    """
    daemon = shutil.which("dbus-daemon")
    if daemon is None:
        raise BusUnavailable("dbus-daemon is not installed")
    with tempfile.TemporaryDirectory(prefix="ohx-bus-", ignore_cleanup_errors=True) as folder:
        _write_configuration(Path(folder), denied, cannot_start)
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            _KEEPER,
            daemon,
            folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield await _address_of(process)
        finally:
            await _end(process)


def _write_configuration(folder: Path, denied: Iterable[str], cannot_start: Iterable[str]) -> None:
    services = folder / "services"
    services.mkdir()
    for name in cannot_start:
        failing = f"[D-BUS Service]\nName={name}\nExec=/bin/false\n"
        (services / f"{name}.service").write_text(failing)
    denials = "".join(f'<deny send_destination="{name}"/>' for name in denied)
    (folder / "bus.conf").write_text(
        _CONFIGURATION.format(socket=folder / "socket", services=services, denials=denials)
    )


async def _address_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018 - asked for
    async with asyncio.timeout(_START_DEADLINE_S):
        address = (await process.stdout.readline()).decode().strip()
        if not address:
            reason = (await process.stderr.read()).decode().strip()
            raise BusUnavailable(f"dbus-daemon did not start: {reason}")
    return address


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None  # noqa: S101 - it was asked for
    process.stdin.close()
    async with asyncio.timeout(_START_DEADLINE_S):
        await process.communicate()
