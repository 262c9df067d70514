"""A virtual oximeter of the Pulse Oximeter Service.

It shows the values of the moment while a finger is in it, sends the spot check when that is done,
and gives stored ones on request.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from ohx_desktop.virtual.appliance import Appliance
from ohx_desktop.virtual.connection import Connection
from ohx_desktop.virtual.device_services import readable
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.gatt import Property
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.profiles import Pace
from ohx_desktop.virtual.record_access import Numbered, RecordAccess
from ohx_desktop.virtual.vital_encoding import (
    OximeterStatus,
    OximetryRecord,
    encode_continuous,
    encode_spot_check,
)
from ohx_desktop.virtual.vital_profiles import OXIMETER_SERVICE, OximeterProfile
from ohx_desktop.virtual.vital_services import peripheral, sender

_STEPS = 10
"""Values shown during one measurement."""
_FEATURES = bytes.fromhex("0d00") + bytes.fromhex("8086")
"""Measurement status, storage, time stamp; then the status bits that may be set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A spot check with its place in the store."""

    sequence: int
    record: OximetryRecord


class Oximeter:
    """An oximeter of the given model. Call `close` when done; it owns tasks while awake."""

    def __init__(
        self,
        profile: OximeterProfile,
        *,
        address: str,
        serial: str = "20261123-0005",
        clock: CuffClock | None = None,
        pace: Pace | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.profile = profile
        self.clock = clock or CuffClock()
        self.stored: list[Stored] = []
        self._pace = pace or profile.pace
        self._spot_check = sender(0x2A5E, Property.INDICATE, profile)
        self._continuous = sender(0x2A5F, Property.NOTIFY, profile)
        characteristics = [self._spot_check, self._continuous, readable(0x2A60, _FEATURES)]
        self.access = RecordAccess(
            appliance=lambda: self._appliance,
            records=lambda: tuple(self.stored),
            send=self._send_stored,
            is_protected=profile.needs_bond,
        )
        if profile.has_store:
            characteristics.append(self.access.point)
        self.peripheral = peripheral(
            profile,
            address=address,
            serial=serial,
            clock=self.clock,
            main=OXIMETER_SERVICE,
            characteristics=characteristics,
            pace=self._pace,
            faults=faults,
        )
        self._appliance = Appliance(
            self.peripheral,
            pace=self._pace,
            advertising=lambda: profile.advertising(OXIMETER_SERVICE),
        )
        self._appliance.on_connected = self._connected

    @property
    def is_listened_to(self) -> bool:
        """Whether a host has subscribed and would be sent a spot check now."""
        connection = self.peripheral.connection
        return connection is not None and connection.is_subscribed(self._continuous)

    async def measure(self, saturation: int, pulse: int) -> OximetryRecord:
        """Put a finger in: values of the moment at once, the spot check in the end."""
        self._appliance.rest_after(None)
        self._appliance.wake()
        for step in range(_STEPS):
            await asyncio.sleep(self._pace.measuring_s / _STEPS)
            shown = encode_continuous(Decimal(saturation - step % 3), Decimal(pulse + step % 5))
            self._appliance.say(self._continuous, shown)
        record = self.remember(saturation, pulse)
        self._appliance.wake()
        self._appliance.say(
            self._spot_check,
            encode_spot_check(record),
            when_said=lambda: self._appliance.rest_after(self._pace.quiet_s),
        )
        return record

    def remember(
        self, saturation: int, pulse: int, *, ago: timedelta = timedelta()
    ) -> OximetryRecord:
        """Put a spot check taken `ago` into the store, and stay as the oximeter is."""
        failed = self.peripheral.faults.failed_measurement and not ago
        record = OximetryRecord(
            saturation=None if failed else Decimal(saturation),
            pulse=None if failed else Decimal(pulse),
            taken_at=(self.clock.read() - ago).replace(microsecond=0),
            clock_is_set=self.clock.is_set,
            status=OximeterStatus.INVALID if failed else OximeterStatus.VALIDATED,
        )
        number = self.stored[-1].sequence + 1 if self.stored else 1
        stored = Stored(sequence=number, record=record)
        if self.profile.has_store:
            self.stored = [*self.stored, stored][-self.profile.memory :]
        return record

    def press_button(self) -> None:
        """Go on the air to hand over what is stored."""
        self._appliance.wake()

    async def close(self) -> None:
        """Take the batteries out."""
        await self._appliance.close()

    def _connected(self, _: Connection) -> None:
        self.access.begin_link()

    def _send_stored(self, stored: Numbered) -> None:
        if isinstance(stored, Stored):
            status = stored.record.status or OximeterStatus.NONE
            record = replace(stored.record, status=status | OximeterStatus.FROM_STORAGE)
            self._appliance.say(
                self._spot_check,
                encode_spot_check(record),
                delay_s=self._pace.indication_interval_s,
            )
