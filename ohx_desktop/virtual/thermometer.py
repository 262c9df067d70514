"""A virtual thermometer of the Health Thermometer Service.

Once a host has subscribed it is sent everything in the memory, each time, and what is measured
while the link stands. Beurer's also measures objects and marks them by a type of its own.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from ohx_desktop.virtual.appliance import Appliance
from ohx_desktop.virtual.connection import Connection
from ohx_desktop.virtual.device_services import readable
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.gatt import Property
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.profiles import Pace
from ohx_desktop.virtual.vital_encoding import Place, TemperatureRecord, encode_temperature
from ohx_desktop.virtual.vital_profiles import THERMOMETER_SERVICE, ThermometerProfile
from ohx_desktop.virtual.vital_services import peripheral, sender

_STEPS = 5
"""Intermediate values shown during one measurement."""
_FEVER = {True: Decimal("99.5"), False: Decimal("37.5")}
"""By whether it counts in Fahrenheit."""


class Thermometer:
    """A thermometer of the given model. Call `close` when done; it owns tasks while awake."""

    def __init__(
        self,
        profile: ThermometerProfile,
        *,
        address: str,
        serial: str = "20261123-0004",
        clock: CuffClock | None = None,
        pace: Pace | None = None,
        faults: Faults | None = None,
        passkey: int | None = None,
    ) -> None:
        self.profile = profile
        self.clock = clock or CuffClock()
        self.records: list[TemperatureRecord] = []
        self._pace = pace or profile.pace
        self._measurement = sender(0x2A1C, Property.INDICATE, profile)
        self._intermediate = sender(0x2A1E, Property.NOTIFY, profile)
        characteristics = [self._measurement, readable(0x2A21, b"\x00\x00")]
        if profile.has_intermediate:
            characteristics.append(self._intermediate)
        if profile.constant_place is not None:
            characteristics.append(readable(0x2A1D, bytes((profile.constant_place,))))
        self.peripheral = peripheral(
            profile,
            address=address,
            serial=serial,
            clock=self.clock,
            main=THERMOMETER_SERVICE,
            characteristics=characteristics,
            pace=self._pace,
            faults=faults,
            passkey=passkey,
        )
        self._appliance = Appliance(
            self.peripheral,
            pace=self._pace,
            advertising=lambda: profile.advertising(THERMOMETER_SERVICE),
        )
        self._appliance.on_connected = self._connected
        self._appliance.on_heard = self._offer
        self._sent: set[TemperatureRecord] = set()
        self._is_measuring = False

    async def measure(self, temperature: Decimal | str, *, place: Place | None = None) -> None:
        """Measure now, remember the result, and go on the air with it."""
        self._is_measuring = True
        self._appliance.rest_after(None)
        self._appliance.wake()
        for step in range(_STEPS):
            await asyncio.sleep(self._pace.measuring_s / _STEPS)
            shown = Decimal(temperature) - (_STEPS - step)
            if self.profile.has_intermediate:
                record = self._record(shown, None, timedelta())
                self._appliance.say(self._intermediate, encode_temperature(record))
        self._is_measuring = False
        self.remember(temperature, place=place)
        self._appliance.wake()
        self._offer()

    def remember(
        self,
        temperature: Decimal | str,
        *,
        place: Place | None = None,
        ago: timedelta = timedelta(),
    ) -> TemperatureRecord:
        """Put a measurement taken `ago` into the memory, and stay as the thermometer is."""
        record = self._record(Decimal(temperature), place, ago)
        if self.peripheral.faults.failed_measurement and not ago:
            record = replace(record, temperature=None)
        self.records = [*self.records, record][-self.profile.memory :]
        return record

    def press_button(self) -> None:
        """Go on the air to hand over what is stored."""
        self._appliance.wake()

    async def close(self) -> None:
        """Take the batteries out."""
        await self._appliance.close()

    def _record(
        self, temperature: Decimal, place: Place | None, ago: timedelta
    ) -> TemperatureRecord:
        sent_place = place or Place.BODY
        in_fahrenheit = self.profile.in_fahrenheit
        return TemperatureRecord(
            temperature=temperature,
            taken_at=(self.clock.read() - ago).replace(microsecond=0),
            in_fahrenheit=in_fahrenheit,
            place=None if self.profile.constant_place is not None else sent_place,
            has_fever=sent_place is Place.BODY and temperature >= _FEVER[in_fahrenheit],
        )

    def _connected(self, _: Connection) -> None:
        self._sent.clear()

    def _offer(self) -> None:
        """Send what was not sent on this link yet, oldest first, to a host that listens."""
        connection = self.peripheral.connection
        if connection is None or not connection.is_subscribed(self._measurement):
            return
        for record in self.records:
            if record not in self._sent:
                self._sent.add(record)
                self._appliance.say(
                    self._measurement,
                    encode_temperature(record),
                    delay_s=self._pace.indication_interval_s,
                    when_said=self._said,
                )

    def _said(self) -> None:
        if not self._is_measuring:
            self._appliance.rest_after(self._pace.quiet_s)
