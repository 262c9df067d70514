"""A virtual glucose meter of the Glucose Service: it numbers its records and gives them on request.

A record with a meal is followed by a context of the same number.
"""

import asyncio
from datetime import timedelta
from decimal import Decimal

from ohx_desktop.virtual.appliance import Appliance
from ohx_desktop.virtual.connection import Connection
from ohx_desktop.virtual.device_services import readable
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.gatt import Characteristic, Property
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.profiles import Pace
from ohx_desktop.virtual.record_access import Numbered, RecordAccess
from ohx_desktop.virtual.vital_encoding import (
    GlucoseRecord,
    Sample,
    encode_glucose,
    encode_glucose_context,
)
from ohx_desktop.virtual.vital_profiles import GLUCOSE_SERVICE, GlucoseProfile
from ohx_desktop.virtual.vital_services import peripheral, sender

_MG_PER_DL = Decimal("0.00001")
_MMOL_PER_L = Decimal("0.001")
_SENSOR_FAULT = 0x0002


class GlucoseMeter:
    """A meter of the given model. Call `close` when done; it owns tasks while it is awake."""

    def __init__(
        self,
        profile: GlucoseProfile,
        *,
        address: str,
        serial: str = "20261123-0006",
        clock: CuffClock | None = None,
        pace: Pace | None = None,
        faults: Faults | None = None,
        passkey: int | None = None,
    ) -> None:
        self.profile = profile
        self.clock = clock or CuffClock()
        self.records: list[GlucoseRecord] = []
        self._pace = pace or profile.pace
        self._number = 0
        self._measurement = sender(0x2A18, Property.NOTIFY, profile)
        self._context = sender(0x2A34, Property.NOTIFY, profile)
        self._connected_s = 0.0
        self._unheard = 0
        self.access = RecordAccess(
            appliance=lambda: self._appliance,
            records=lambda: tuple(self.records),
            send=self._send,
            is_protected=profile.needs_bond,
            is_deaf=self._is_deaf,
        )
        characteristics = [
            self._measurement,
            self._context,
            readable(0x2A51, profile.feature.to_bytes(2, "little")),
            self.access.point,
        ]
        self.peripheral = peripheral(
            profile,
            address=address,
            serial=serial,
            clock=self.clock,
            main=GLUCOSE_SERVICE,
            characteristics=characteristics,
            pace=self._pace,
            faults=faults,
            passkey=passkey,
        )
        self._appliance = Appliance(
            self.peripheral,
            pace=self._pace,
            advertising=lambda: profile.advertising(GLUCOSE_SERVICE),
        )
        self._appliance.on_connected = self._connected

    async def measure(self, value: Decimal | str, *, meal: int | None = None) -> GlucoseRecord:
        """Measure now (mg/dL or mmol/L as the meter counts) and go on the air with the result."""
        await asyncio.sleep(self._pace.measuring_s)
        record = self.remember(value, meal=meal)
        self._appliance.wake()
        return record

    def remember(
        self,
        value: Decimal | str,
        *,
        ago: timedelta = timedelta(),
        meal: int | None = None,
        sample: Sample = Sample.CAPILLARY_WHOLE_BLOOD,
    ) -> GlucoseRecord:
        """Put a measurement taken `ago` into the memory, and stay as the meter is."""
        failed = self.peripheral.faults.failed_measurement and not ago
        in_moles = self.profile.in_moles
        step = _MMOL_PER_L if in_moles else _MG_PER_DL
        self._number += 1
        record = GlucoseRecord(
            sequence=self._number,
            concentration=None if failed else Decimal(value) * step,
            in_moles=in_moles,
            taken_at=(self.clock.read() - ago).replace(microsecond=0),
            sample=sample,
            status=_SENSOR_FAULT if failed else 0,
            meal=meal,
        )
        self.records = [*self.records, record][-self.profile.memory :]
        return record

    def press_button(self) -> None:
        """Go on the air to hand over what is stored."""
        self._appliance.wake()

    def reset(self) -> None:
        """Forget every record and count anew."""
        self.records = []
        self._number = 0

    async def close(self) -> None:
        """Take the batteries out."""
        await self._appliance.close()

    def _connected(self, _: Connection) -> None:
        self.access.begin_link()
        self._connected_s = asyncio.get_running_loop().time()
        self._unheard = 1 if self.profile.hears_second_request_only else 0

    def _is_deaf(self) -> bool:
        age_s = asyncio.get_running_loop().time() - self._connected_s
        if age_s < self.profile.deaf_s:
            return True
        self._unheard -= 1
        return self._unheard >= 0

    def _send(self, record: Numbered) -> None:
        if not isinstance(record, GlucoseRecord):
            return
        self._say(self._measurement, encode_glucose(record))
        if record.meal is not None:
            self._appliance.say(self._context, encode_glucose_context(record))

    def _say(self, characteristic: Characteristic, frame: bytes) -> None:
        self._appliance.say_frame(
            frame,
            lambda whole: [(characteristic, whole)],
            delay_s=self._pace.indication_interval_s,
        )
