"""The health records of a profile's devices on disk, and who keeps them while devices are read.

A plain file an administrator can read, beside the list of registered devices. One that cannot be
read counts as none: everything in it is learned anew. Nothing about it may cost a reading, so it
is written by a thread of its own, and a failure to write it is nobody's concern but the disk's.
"""

import json
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from ohx_desktop.ble.device_health import DeviceHealth, SystemRecord
from ohx_desktop.ble.events import CaptureEvent, LinkState, StateChanged
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.domain.clock import Now, system_now

_SCHEMA = "ohx.device-health/1"
# A device advertises several times a second; the disk need not know each time.
_HEARD_AGAIN = timedelta(minutes=1)

Change = Callable[[DeviceHealth], DeviceHealth | None]
"""Makes a record of the one there was, or None to forget the device."""
AskSystem = Callable[[str], SystemRecord | None]
"""Asks the system, blocking, what it keeps of a device; None where it does not tell."""


class DeviceHealthFile:
    """The records of one profile by address. Blocking.

    Two processes may write at once: each applies its changes to what the file holds then, and
    replaces the file whole, so the worst is that one of two simultaneous changes is lost.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, DeviceHealth]:
        """Return all records, none where the file is missing or cannot be read."""
        try:
            content = json.loads(self._path.read_bytes())
            if content["schema"] != _SCHEMA:
                return {}
            records = _validated(content["devices"])
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return {address: record for address, record in records.items() if _is_aware(record)}

    def apply(self, changes: Iterable[tuple[str, Change]]) -> None:
        """Change records by address, in order. Raises OSError."""
        records = self.load()
        for address, change in changes:
            changed = change(records.pop(address, DeviceHealth()))
            if changed is not None:
                records[address] = changed
        rows = {address: asdict(record) for address, record in records.items()}
        content = json.dumps({"schema": _SCHEMA, "devices": rows}, indent=1, default=_isoformat)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        draft.write_text(content)
        draft.replace(self._path)


class DeviceHealthKeeper:
    """Learns from what a listener hears and is told of registered devices.

    Never blocks and never raises. Python ends only when what is noted has been written.
    """

    def __init__(
        self,
        file: DeviceHealthFile,
        *,
        is_registered: Callable[[str], bool],
        ask_system: AskSystem,
        now: Now = system_now,
    ) -> None:
        self._file = file
        self._is_registered = is_registered
        self._ask_system = ask_system
        self._now = now
        self._heard_at: dict[str, datetime] = {}
        self._pending: list[tuple[str, Change]] = []
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="device-health")

    def heard(self, advertisement: Advertisement) -> None:
        """Note that a device was heard."""
        now, address = self._now(), advertisement.address
        earlier = self._heard_at.get(address)
        if self._is_registered(address) and (earlier is None or now - earlier >= _HEARD_AGAIN):
            self._heard_at[address] = now
            self._note(address, lambda record: record.heard(advertisement, now))

    def told(self, address: str, event: CaptureEvent) -> None:
        """Note what happened in a conversation with a device."""
        if not self._is_registered(address):
            return
        now = self._now()
        self._note(address, lambda record: record.told(event, now))
        if isinstance(event, StateChanged) and event.state is LinkState.RECEIVING:
            # While the device is there. The system has read the battery by itself, so this costs
            # the link nothing.
            self._note(address, lambda record: self._with_system(address, record))

    def close(self) -> None:
        """Wait until everything noted is written. Blocking."""
        self._thread.shutdown()

    def _with_system(self, address: str, record: DeviceHealth) -> DeviceHealth:
        kept = self._ask_system(address)
        return record if kept is None else record.kept(kept)

    def _note(self, address: str, change: Change) -> None:
        with self._lock:
            self._pending.append((address, change))
            is_first = len(self._pending) == 1
        if is_first:
            # A failure in there is a bug of ours; asking for the result has it logged.
            self._thread.submit(self._write).add_done_callback(Future.result)

    def _write(self) -> None:
        with self._lock:
            changes, self._pending = self._pending, []
        with suppress(OSError):  # a full disk has a check of its own in the doctor
            self._file.apply(changes)


def _validated(rows: object) -> dict[str, DeviceHealth]:
    """Return rows as records. Raises ValueError. Slow at first, so for the thread that loads."""
    from pydantic import TypeAdapter

    return TypeAdapter(dict[str, DeviceHealth]).validate_python(rows)


def _is_aware(record: DeviceHealth) -> bool:
    moments = (record.last_heard_at, record.last_reading_at, record.last_error_at)
    return all(moment is None or moment.tzinfo is not None for moment in moments)


def _isoformat(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
