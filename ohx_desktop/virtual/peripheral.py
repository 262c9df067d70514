"""A virtual Bluetooth LE peripheral: on the air, connectable, pairable.

It knows no transport. The in-process bleak backend and the emulated BlueZ both meet it through
`watch` (what a scanner hears) and `connect`. Everything runs on one event loop.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ohx_desktop.virtual.connection import Connection
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.gatt import DEFAULT_MTU, AttributeTable, Service
from ohx_desktop.virtual.pairing import (
    PairingAgent,
    PairingFailed,
    PairingFailure,
    PairingMethod,
    negotiate,
)

BEACON_INTERVAL_S = 1.0
"""How often a scanner hears an unchanged advertisement. Between the device's own interval (tens
of milliseconds) and what a controller that filters duplicates reports (about ten seconds)."""

TYPICAL_RSSI_DBM = -58


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvertisingData:
    """What a device tells while it advertises. Company identifier to payload without it."""

    name: str | None
    service_uuids: tuple[str, ...] = ()
    manufacturer_data: Mapping[int, bytes] = field(default_factory=dict)
    service_data: Mapping[str, bytes] = field(default_factory=dict)


class ConnectFailed(Exception):  # noqa: N818 - reads as what happened
    """The device refused the connection."""


class BondMissing(ConnectFailed):
    """The device no longer knows its bond and dropped the link when encryption began."""


def six_digits() -> int:
    """Return a random passkey."""
    return secrets.randbelow(1_000_000)


class Peripheral:
    """One device. `has_bond`: it remembers this computer. `display`: what it shows, if anything."""

    def __init__(
        self,
        *,
        address: str,
        services: Sequence[Service],
        pairing_method: PairingMethod = PairingMethod.JUST_WORKS,
        new_passkey: Callable[[], int] = six_digits,
        beacon_interval_s: float = BEACON_INTERVAL_S,
        mtu: int = DEFAULT_MTU,
    ) -> None:
        self.address = address
        self.table = AttributeTable(services, mtu=mtu)
        self.pairing_method = pairing_method
        self.has_bond = False
        self.accepts_pairing = True
        self.display: str | None = None
        self.is_in_range = True
        self.rssi_dbm = TYPICAL_RSSI_DBM
        self.connection: Connection | None = None
        self.on_connected: Callable[[Connection], None] = lambda _: None
        self.on_disconnected: Callable[[], None] = lambda: None
        self.new_passkey = new_passkey
        self._beacon_interval_s = beacon_interval_s
        self._advertising: AdvertisingData | None = None
        self._beacon: asyncio.TimerHandle | None = None
        self._wobble_db = 1
        self._heard = asyncio.Event()
        self._watchers: list[Callable[[Peripheral], None]] = []
        self._earlier: list[tuple[str, bytes]] = []
        self._faults = Faults()
        self._connections = 0
        self._refusals = 0

    @property
    def faults(self) -> Faults:
        """The faults that strike now; setting them starts counting anew."""
        limit = self._faults.connections
        return Faults() if limit is not None and self._connections >= limit else self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults, self._connections, self._refusals = faults, 0, 0

    @property
    def written(self) -> tuple[tuple[str, bytes], ...]:
        """All that hosts ever wrote, each with the UUID of its characteristic."""
        return (*self._earlier, *([] if self.connection is None else self.connection.written))

    # ── on the air ───────────────────────────────────────────────────────────────────────────

    @property
    def advertising(self) -> AdvertisingData | None:
        """What can be heard now, None while the device is off the air or connected."""
        is_audible = self.is_in_range and self.connection is None
        return self._advertising if is_audible else None

    def watch(self, callback: "Callable[[Peripheral], None]") -> Callable[[], None]:
        """Call `callback` at each advertisement and at each end of them; returns the undoing."""
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def advertise(self, data: AdvertisingData) -> None:
        """Go on the air, or change what is told there."""
        self._advertising = data
        if self._beacon is None:
            self._plan_beacon()
        self._tell_watchers()

    def stop_advertising(self) -> None:
        """Leave the air."""
        if self._beacon is not None:
            self._beacon.cancel()
            self._beacon = None
        if self._advertising is not None:
            self._advertising = None
            self._tell_watchers()

    def _plan_beacon(self) -> None:
        loop = asyncio.get_running_loop()
        self._beacon = loop.call_later(self._beacon_interval_s, self._send_beacon)

    def _send_beacon(self) -> None:
        self._plan_beacon()
        if self.connection is None:
            self.rssi_dbm += self._wobble_db
            self._wobble_db = -self._wobble_db
            self._tell_watchers()

    def _tell_watchers(self) -> None:
        if self.advertising is not None:
            self._heard.set()
        for watcher in tuple(self._watchers):
            watcher(self)

    # ── links ────────────────────────────────────────────────────────────────────────────────

    async def connect(self, *, is_bonded: bool) -> Connection:
        """Connect as soon as the device advertises, which may be never: the caller has a deadline.

        `is_bonded`: this computer holds a bond. Raises ConnectFailed, BondMissing.
        """
        await asyncio.sleep(self.faults.connect_delay_s)
        while self.advertising is None:
            self._heard.clear()
            await self._heard.wait()
        faults = self.faults
        if self._refusals < faults.refuse_connections:
            self._refusals += 1
            raise ConnectFailed("refused")
        self._connections += 1
        if is_bonded and (faults.bond_forgotten or not self.has_bond):
            self.has_bond = False
            raise BondMissing("no key")
        connection = Connection(
            self.table, faults, is_encrypted=is_bonded, negotiate=self._pair_with
        )
        self.connection = connection
        connection.when_closed(self._disconnected)
        self.on_connected(connection)
        return connection

    async def _pair_with(self, agent: PairingAgent) -> None:
        if not self.accepts_pairing:
            raise PairingFailed(PairingFailure.REFUSED)
        await negotiate(
            self.pairing_method,
            agent,
            self.faults if self.connection is None else self.connection.faults,
            passkey=self.new_passkey(),
            show=self._show,
        )
        self.has_bond = True

    def _show(self, text: str | None) -> None:
        self.display = text

    def _disconnected(self) -> None:
        self._earlier += [] if self.connection is None else self.connection.written
        self.connection = None
        self.on_disconnected()
        self._tell_watchers()

    def switch_off(self) -> None:
        """Drop the link and leave the air."""
        if self.connection is not None:
            self.connection.close()
        self.stop_advertising()
