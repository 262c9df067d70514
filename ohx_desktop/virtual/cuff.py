"""A virtual blood-pressure cuff: measures, advertises, hands its records over, goes to sleep.

    idle ─ measure ─► measuring ─► advertising ◄─► connected ─► idle
      └──── Bluetooth button ────────┘

The `Peripheral` inside is what radios meet; the cuff decides what it says.
"""

import asyncio
import contextlib
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from ohx_desktop.virtual.connection import Connection, LinkDropped
from ohx_desktop.virtual.cuff_services import CuffServices
from ohx_desktop.virtual.encoding import (
    CuffRecord,
    StatusFlag,
    encode_cuff_pressure,
)
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.memory import CuffClock, CuffMemory, StoredRecord
from ohx_desktop.virtual.peripheral import Peripheral, six_digits
from ohx_desktop.virtual.profiles import CuffProfile, MeanPressure, OnTheAir, Pace

_GREETING = bytes(20)
_INFLATION_STEPS = 20
"""Cuff pressures shown during one measurement."""


class CuffState(StrEnum):
    """What the cuff is doing."""

    IDLE = "idle"
    MEASURING = "measuring"
    ADVERTISING = "advertising"
    CONNECTED = "connected"


class Cuff:
    """A cuff of the given model. Call `close` when done; it owns tasks while it is awake."""

    def __init__(
        self,
        profile: CuffProfile,
        *,
        address: str,
        serial: str = "20261123-0001",
        clock: CuffClock | None = None,
        pace: Pace | None = None,
        faults: Faults | None = None,
        passkey: int | None = None,
    ) -> None:
        self.profile = profile
        self.clock = clock or CuffClock()
        self.memory = CuffMemory(profile.users, profile.memory_per_user, profile.delivery)
        self._pace = pace or profile.pace
        self._is_greeted = False
        self._services = CuffServices(
            profile,
            serial=serial,
            clock=self.clock,
            on_greeting=self._greeted,
            ignores_writes=lambda: self.peripheral.faults.ignored_writes,
        )
        self.peripheral = Peripheral(
            address=address,
            services=self._services.all,
            pairing_method=profile.pairing_method,
            new_passkey=six_digits if passkey is None else lambda: passkey,
            beacon_interval_s=self._pace.beacon_interval_s,
        )
        self.peripheral.faults = faults or Faults()
        self.peripheral.on_connected = self._connected
        self.peripheral.on_disconnected = self._disconnected
        self._is_measuring = False
        self._in_pairing_mode = False
        self._has_handed_over = False
        self._news = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._sleep_timer: asyncio.TimerHandle | None = None

    @property
    def state(self) -> CuffState:
        """What the cuff is doing now."""
        if self._is_measuring:
            return CuffState.MEASURING
        if self.peripheral.connection is not None:
            return CuffState.CONNECTED
        return CuffState.ADVERTISING if self.peripheral.advertising else CuffState.IDLE

    # ── what a person does with it ───────────────────────────────────────────────────────────

    async def measure(
        self,
        systolic: int,
        diastolic: int,
        pulse: int,
        *,
        user: int | None = None,
        status: StatusFlag = StatusFlag.NONE,
    ) -> CuffRecord:
        """Measure now (mmHg, beats/min), remember the result and go on the air with it."""
        if self._is_measuring:
            raise RuntimeError("the cuff is already measuring")
        self._is_measuring = True
        try:
            if self.profile.has_intermediate:
                self._wake()
            await self._inflate(systolic)
        finally:
            self._is_measuring = False
        record = self.remember(systolic, diastolic, pulse, user=user, status=status)
        self._wake()
        return record

    def remember(
        self,
        systolic: int,
        diastolic: int,
        pulse: int,
        *,
        ago: timedelta = timedelta(),
        user: int | None = None,
        status: StatusFlag = StatusFlag.NONE,
    ) -> CuffRecord:
        """Put a measurement taken `ago` into the memory, and stay as the cuff is."""
        failed = self.peripheral.faults.failed_measurement and not ago
        mean = Decimal(diastolic + (systolic - diastolic) // 3)
        if self.profile.mean_pressure is MeanPressure.ZERO:
            mean = Decimal(0)
        record = CuffRecord(
            systolic=None if failed else Decimal(systolic),
            diastolic=None if failed else Decimal(diastolic),
            mean=None if failed else mean,
            pulse=None if failed else Decimal(pulse),
            taken_at=self.clock.read() - ago,
            user=self.profile.users[0] if user is None else user,
            status=StatusFlag.NONE if failed else status,
        )
        self.memory.add(record)
        self._news.set()
        return record

    def press_bluetooth_button(self) -> None:
        """Go on the air to hand over what is stored."""
        self._wake()

    def hold_bluetooth_button(self) -> None:
        """Enter pairing mode."""
        self._in_pairing_mode = True
        self._wake()

    async def close(self) -> None:
        """Take the batteries out."""
        self._sleep()
        self.peripheral.switch_off()
        if self._serving is not None:
            await asyncio.wait({self._serving})

    # ── on the air ───────────────────────────────────────────────────────────────────────────

    def _wake(self) -> None:
        self._set_sleep_timer()
        self._announce()

    def _announce(self) -> None:
        air = OnTheAir(
            address=self.peripheral.address,
            in_pairing_mode=self._in_pairing_mode,
            clock_is_set=self.clock.is_set,
            unsent=self.memory.unsent,
        )
        self.peripheral.advertise(self.profile.advertising(air))

    def _set_sleep_timer(self) -> None:
        if self._sleep_timer is not None:
            self._sleep_timer.cancel()
        loop = asyncio.get_running_loop()
        self._sleep_timer = loop.call_later(self._pace.advertising_s, self._sleep)

    def _sleep(self) -> None:
        if self._sleep_timer is not None:
            self._sleep_timer.cancel()
            self._sleep_timer = None
        self._in_pairing_mode = False
        self.peripheral.stop_advertising()

    # ── the measurement and the transfer ─────────────────────────────────────────────────────

    async def _inflate(self, systolic: int) -> None:
        characteristic = self._services.intermediate
        for step in range(_INFLATION_STEPS):
            await asyncio.sleep(self._pace.measuring_s / _INFLATION_STEPS)
            connection = self.peripheral.connection
            if characteristic and connection and connection.is_subscribed(characteristic):
                pressure = (systolic + 30) * (_INFLATION_STEPS - step) // _INFLATION_STEPS
                await connection.send(characteristic, encode_cuff_pressure(pressure))

    def _greeted(self, value: bytes) -> None:
        self._is_greeted = value == _GREETING
        self._news.set()

    def _connected(self, connection: Connection) -> None:
        self._has_handed_over = self._is_greeted = False
        connection.on_activity = self._news.set
        self._serving = asyncio.get_running_loop().create_task(self._serve(connection))

    def _disconnected(self) -> None:
        if self._serving is not None and self._serving is not asyncio.current_task():
            self._serving.cancel()
        if self._has_handed_over:
            self._sleep()
        elif self._sleep_timer is not None:
            self._announce()

    async def _serve(self, connection: Connection) -> None:
        """Send what is to be sent for as long as the link stands; hang up when it is quiet."""
        waiting = self.memory.to_send()
        lose_before = waiting[len(waiting) // 2] if waiting else None
        sent: set[StoredRecord] = set()
        with contextlib.suppress(LinkDropped):  # the host is gone: the rest stays unsent
            while connection.is_open:
                stored = self._next(connection, sent)
                if stored is None:
                    self._has_handed_over = bool(sent) and not self._is_measuring
                    await self._wait_for_news(connection)
                    continue
                interval_s = connection.faults.indication_interval_s
                await asyncio.sleep(
                    self._pace.indication_interval_s if interval_s is None else interval_s
                )
                if connection.faults.lose_link_mid_transfer and stored is lose_before:
                    connection.close()
                frame = self.profile.encode(stored.record, self.profile.flags)
                await connection.send(self._services.measurement, frame)
                stored.is_delivered = True
                sent.add(stored)

    def _next(self, connection: Connection, sent: set[StoredRecord]) -> StoredRecord | None:
        if not self._is_listened_to(connection):
            return None
        return next((stored for stored in self.memory.to_send() if stored not in sent), None)

    def _is_listened_to(self, connection: Connection) -> bool:
        after_s = connection.subscribed_after_s(self._services.measurement)
        is_heard = after_s is not None and after_s >= self.profile.settle_s
        if self.profile.waits_for_greeting and not self._is_greeted:
            return False
        return is_heard and not connection.faults.silent

    async def _wait_for_news(self, connection: Connection) -> None:
        """Wait until the host or a measurement gives something to do, else hang up."""
        is_done = self._is_listened_to(connection) and not self._is_measuring
        try:
            async with asyncio.timeout(
                self._pace.quiet_s if is_done else self._pace.link_timeout_s
            ):
                await self._news.wait()
        except TimeoutError:
            connection.close()
        self._news.clear()
