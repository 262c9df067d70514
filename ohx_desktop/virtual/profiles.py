"""Cuff models as data: what each offers, asks for and sends.

Facts of the models come from published captures and the makers' protocol documents; what no
source tells (memory depth, time on the air) is a plausible value and marked so.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ohx_desktop.virtual.encoding import (
    CuffRecord,
    MeasurementFlag,
    encode_measurement,
    encode_swapped_measurement,
)
from ohx_desktop.virtual.gatt import uuid16
from ohx_desktop.virtual.pairing import PairingMethod
from ohx_desktop.virtual.peripheral import AdvertisingData

BLOOD_PRESSURE_SERVICE = uuid16(0x1810)

OMRON_COMPANY = 0x020E
BEURER_COMPANY = 0x0611

_ALL_FIELDS = (
    MeasurementFlag.TIME_STAMP
    | MeasurementFlag.PULSE_RATE
    | MeasurementFlag.USER_ID
    | MeasurementFlag.STATUS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take, in seconds."""

    measuring_s: float = 0.0
    indication_interval_s: float = 0.1
    """BM54: 14 records in 1.4 s."""
    quiet_s: float = 5.0
    """From the last value sent to the device's own disconnection."""
    link_timeout_s: float = 60.0
    """From the last operation of a host that never subscribed."""
    advertising_s: float = 60.0
    beacon_interval_s: float = 1.0


BRISK = Pace(
    indication_interval_s=0.01,
    quiet_s=0.15,
    link_timeout_s=2.0,
    advertising_s=10.0,
    beacon_interval_s=0.05,
)
"""For tests: the same order of events in a fraction of the time."""


class MeanPressure(StrEnum):
    """What a model puts into the mean arterial pressure field."""

    MEASURED = "measured"
    ZERO = "zero"
    """Always 0, which means "not measured" (Beurer)."""


class Delivery(StrEnum):
    """Which stored records a model sends once a host has subscribed."""

    UNSENT = "unsent"
    """Each record once; a confirmed indication is never repeated (Omron, standard mode)."""
    WHOLE_MEMORY = "whole-memory"
    """All records of all users, every time (Beurer)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTheAir:
    """What a model's advertisement may depend on."""

    address: str
    in_pairing_mode: bool
    clock_is_set: bool
    unsent: Mapping[int, tuple[int, int]]
    """User number to the last sequence number and the count of records not yet sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CuffProfile:
    """One cuff model."""

    manufacturer: str
    model: str
    firmware: str
    advertising: Callable[[OnTheAir], AdvertisingData]
    flags: MeasurementFlag = _ALL_FIELDS
    encode: Callable[[CuffRecord, MeasurementFlag], bytes] = encode_measurement
    """How a record becomes an indication."""
    settle_s: float = 0.0
    """A host that subscribes sooner after connecting is never sent anything."""
    feature: int = 0
    users: Sequence[int] = (1, 2)
    """User numbers as sent; the first is used unless told otherwise."""
    memory_per_user: int = 60
    delivery: Delivery = Delivery.UNSENT
    mean_pressure: MeanPressure = MeanPressure.MEASURED
    pairing_method: PairingMethod = PairingMethod.JUST_WORKS
    needs_bond: bool = True
    has_current_time: bool = True
    accepts_time: bool = True
    has_intermediate: bool = False
    waits_for_greeting: bool = False
    """It sends nothing before its maker's channel was listened to and greeted."""
    factory_time: datetime
    """Where the clock starts after a battery change."""
    pace: Pace


def _omron_body(air: OnTheAir) -> bytes:
    """Manufacturer data format 01: users, clock, pairing, standard mode, then a count each."""
    standard_mode, data_pending = 0x20, 0x40
    flags = (len(air.unsent) - 1) | standard_mode
    flags |= 0 if air.clock_is_set else 0x04
    flags |= 0x08 if air.in_pairing_mode else 0
    flags |= data_pending if any(count for _, count in air.unsent.values()) else 0
    counts = (struct.pack("<HB", *pair) for _, pair in sorted(air.unsent.items()))
    return bytes((0x01, flags)) + b"".join(counts)


def _omron(model_id: str) -> Callable[[OnTheAir], AdvertisingData]:
    def advertising(air: OnTheAir) -> AdvertisingData:
        prefix = "BLEsmart_" if air.in_pairing_mode else "BLESmart_"
        return AdvertisingData(
            name=f"{prefix}0000{model_id}{air.address.replace(':', '')}",
            service_uuids=(BLOOD_PRESSURE_SERVICE,),
            manufacturer_data={OMRON_COMPANY: _omron_body(air)},
        )

    return advertising


def _omron_named(name: str) -> Callable[[OnTheAir], AdvertisingData]:
    def advertising(air: OnTheAir) -> AdvertisingData:
        return AdvertisingData(
            name=name,
            service_uuids=(BLOOD_PRESSURE_SERVICE,),
            manufacturer_data={OMRON_COMPANY: _omron_body(air)},
        )

    return advertising


def _beurer_bm54(_: OnTheAir) -> AdvertisingData:
    return AdvertisingData(
        name="BM54",
        service_uuids=(BLOOD_PRESSURE_SERVICE,),
        manufacturer_data={BEURER_COMPANY: bytes.fromhex("0103")},
    )


def _beurer_bm85(_: OnTheAir) -> AdvertisingData:
    return AdvertisingData(name="Beurer BM85", service_uuids=(BLOOD_PRESSURE_SERVICE,))


def _generic(_: OnTheAir) -> AdvertisingData:
    return AdvertisingData(name="Virtual BP", service_uuids=(BLOOD_PRESSURE_SERVICE,))


OMRON_HEM_7155T = CuffProfile(
    manufacturer="OMRONHEALTHCARE",
    model="HEM-7155T",
    firmware="1.0.0",
    advertising=_omron("0264"),
    feature=0x0027,
    factory_time=datetime.fromisoformat("2017-01-01T00:00:00"),
    pace=Pace(quiet_s=1.0),
)
"""Omron in standard mode: Just Works bond, clock set by the host, each record sent once."""

OMRON_HEM_7322T = CuffProfile(
    manufacturer="OMRONHEALTHCARE",
    model="HEM-7322T",
    firmware="1.0.0",
    advertising=_omron_named("HEM-7322T"),
    feature=0x0027,
    memory_per_user=100,
    has_current_time=False,
    factory_time=datetime.fromisoformat("2015-01-01T00:00:00"),
    pace=Pace(quiet_s=1.0),
)
"""Omron without Current Time Service. Its model id is not published, so the plain device name
stands in the advertisement, as stacks show it once bonded."""

OMRON_BP7255 = CuffProfile(
    manufacturer="OMRONHEALTHCARE",
    model="BP7255",
    firmware="1.0.0",
    advertising=_omron_named("BP7255"),
    feature=0x0027,
    users=(1,),
    memory_per_user=30,
    waits_for_greeting=True,
    factory_time=datetime.fromisoformat("2021-01-01T00:00:00"),
    pace=Pace(quiet_s=3.0),
)
"""Omron in standard mode that waits for twenty zero bytes."""

BEURER_BM54 = CuffProfile(
    manufacturer="Beurer GmbH",
    model="BM54",
    firmware="V1.0",
    advertising=_beurer_bm54,
    users=(0, 1),
    delivery=Delivery.WHOLE_MEMORY,
    mean_pressure=MeanPressure.ZERO,
    pairing_method=PairingMethod.PASSKEY_ENTRY,
    has_current_time=False,
    factory_time=datetime.fromisoformat("2022-01-01T00:00:00"),
    pace=Pace(),
)
"""Beurer: passkey on the display, no clock service, all memory after every subscription."""

BEURER_BM85 = CuffProfile(
    manufacturer="Beurer GmbH",
    model="BM85",
    firmware="V1.0",
    advertising=_beurer_bm85,
    encode=encode_swapped_measurement,
    settle_s=0.1,
    users=(0, 1),
    delivery=Delivery.WHOLE_MEMORY,
    mean_pressure=MeanPressure.ZERO,
    needs_bond=False,
    has_current_time=False,
    factory_time=datetime.fromisoformat("2019-01-01T00:00:00"),
    pace=Pace(),
)
"""Beurer: pulse and status high byte first, a user byte that no flag announces, deaf at first."""

GENERIC_CUFF = CuffProfile(
    manufacturer="OHX",
    model="Virtual BP",
    firmware="1",
    advertising=_generic,
    feature=0x0007,
    users=(1,),
    needs_bond=False,
    has_intermediate=True,
    factory_time=datetime.fromisoformat("2020-01-01T00:00:00"),
    pace=Pace(measuring_s=8.0, quiet_s=2.0),
)
"""A plain follower of the standard that shows the cuff pressure while it measures."""

PROFILES: Mapping[str, CuffProfile] = {
    "omron-hem-7155t": OMRON_HEM_7155T,
    "omron-hem-7322t": OMRON_HEM_7322T,
    "omron-bp7255": OMRON_BP7255,
    "beurer-bm54": BEURER_BM54,
    "beurer-bm85": BEURER_BM85,
    "generic": GENERIC_CUFF,
}
