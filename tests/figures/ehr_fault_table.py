"""Each fault of an EHR, what a person is told, and what is in the EHR afterwards.

`make ehr-table`. A reading is confirmed while the fault is on for as long as the person looks, and
then it ends. Fails where the EHR then holds the reading more than once, or holds it not at all
although it is no longer queued.
"""

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from ohx_desktop.app import FilingDesk, open_desk
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import UsageError
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.outbox.states import EntryState, OutboxEntry
from ohx_desktop.virtual.ehr.faults import Fault, Scope
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr
from ohx_desktop.virtual.ehr.seed import PATIENT

# A person looks so long while the fault is on, and again after it has ended and they pressed retry.
_LOOKS_S = 1.5
_AFTERWARDS_S = 8.0
_ARRIVED = frozenset({EntryState.ACKNOWLEDGED, EntryState.VERIFIED})
_SETTINGS = """\
[ehr]
base_url = "{base_url}"
timeout_s = 2
[store]
key_source = "file"
key_file = "{key}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one reading. `broken` says which rule was, None where all held."""

    fault: str
    meanwhile: EntryState
    told: str
    in_ehr_meanwhile: int
    afterwards: EntryState
    in_ehr: int

    @property
    def broken(self) -> str | None:
        """Which rule was broken."""
        if self.in_ehr_meanwhile > 1 or self.in_ehr > 1:
            return "stored twice"
        if self.afterwards in _ARRIVED and self.in_ehr != 1:
            return "told as stored, but it is not"
        return None


def _reading() -> Reading:
    now = datetime.now(UTC).replace(microsecond=0)
    values = (
        (QuantityKind.SYSTOLIC_BLOOD_PRESSURE, "128"),
        (QuantityKind.DIASTOLIC_BLOOD_PRESSURE, "82"),
    )
    return Reading(
        source=Source.BLUETOOTH,
        device=DeviceIdentity(manufacturer="Omron", model="Virtual", address="00:5F:BF:12:34:56"),
        measured_at=now,
        received_at=now,
        clock=DeviceClock(device=now.replace(tzinfo=None), trust=ClockTrust.DEVICE),
        quantities=tuple(
            Quantity(kind=kind, value=Decimal(value), unit=Unit.MM_HG) for kind, value in values
        ),
    )


async def line_of(fault: Fault, folder: Path) -> Line:
    """File one reading with an EHR that has this fault, and see what becomes of it."""
    sandbox = SandboxEhr()
    base_url = await sandbox.start()
    await asyncio.to_thread(_configure, folder, base_url)
    try:
        async with open_desk(folder, sending=True) as desk:
            sandbox.faults.arm(fault, times=None, scope=Scope.WRITES, delay_s=5.0)
            entry = await desk.filing.submit(_reading(), patient=f"Patient/{PATIENT}")
            meanwhile = await _seen(desk, entry, _LOOKS_S)
            stored = _stored(sandbox)
            sandbox.faults.disarm()
            await _try_again(desk, entry)
            afterwards = await _seen(desk, entry, _AFTERWARDS_S)
            return Line(
                fault=fault.value,
                meanwhile=meanwhile.state,
                told=meanwhile.last_error or "",
                in_ehr_meanwhile=stored,
                afterwards=afterwards.state,
                in_ehr=_stored(sandbox),
            )
    finally:
        await sandbox.stop()


def _configure(folder: Path, base_url: str) -> None:
    folder.mkdir()
    settings = _SETTINGS.format(base_url=base_url, key=(folder / "store.key").as_posix())
    (folder / "config.toml").write_text(settings, encoding="utf-8")


def _stored(sandbox: SandboxEhr) -> int:
    return len(list(sandbox.store.versions("Observation")))


async def _seen(desk: FilingDesk, entry: OutboxEntry, seconds: float) -> OutboxEntry:
    """Return the entry as a person sees it when it has arrived, or after so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for seen in desk.filing.progress(entry.id):
                entry = seen
                if seen.state is EntryState.VERIFIED:
                    break
    return entry


async def _try_again(desk: FilingDesk, entry: OutboxEntry) -> None:
    (now,) = [each for each in await desk.outbox.entries() if each.id == entry.id]
    if now.state not in _ARRIVED:
        with suppress(UsageError):  # it is on its way this very moment
            await desk.outbox.retry(entry.id)


async def all_lines() -> list[Line]:
    """Return the lines of all faults, side by side."""
    with TemporaryDirectory(prefix="ohx-faults-") as folder:
        return await asyncio.gather(
            *(line_of(fault, Path(folder) / fault.value) for fault in Fault)
        )


def main() -> int:
    """Print the table. Returns 1 where a rule is broken."""
    lines = asyncio.run(all_lines())
    rows = [("fault", "meanwhile", "in EHR", "afterwards", "in EHR", "told")]
    rows += [
        (
            line.fault,
            line.meanwhile,
            str(line.in_ehr_meanwhile),
            line.afterwards,
            str(line.in_ehr),
            f"BROKEN: {line.broken}" if line.broken else line.told,
        )
        for line in lines
    ]
    widths = (24, 17, 8, 17, 8, 0)
    for row in rows:
        cells = zip(row, widths, strict=True)
        sys.stdout.write("".join(f"{cell:<{width}}" for cell, width in cells) + "\n")
    return 1 if any(line.broken for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
