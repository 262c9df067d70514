"""Thermometers, oximeters and glucose meters: models as data.

Facts of Beurer's models come from the maker's protocol documents; what no source tells (memory,
time on the air) is a plausible value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ohx_desktop.virtual.gatt import uuid16
from ohx_desktop.virtual.pairing import PairingMethod
from ohx_desktop.virtual.peripheral import AdvertisingData
from ohx_desktop.virtual.profiles import BEURER_COMPANY, Pace
from ohx_desktop.virtual.vital_encoding import Place

THERMOMETER_SERVICE = uuid16(0x1809)
OXIMETER_SERVICE = uuid16(0x1822)
GLUCOSE_SERVICE = uuid16(0x1808)
PO60_SERVICE = uuid16(0xFF12)

_FACTORY_TIME = datetime.fromisoformat("2020-01-01T00:00:00")
_PACE = Pace(quiet_s=3.0)
_USES_PASSKEY = {BEURER_COMPANY: b"\x01"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """What every model of these kinds has."""

    manufacturer: str
    model: str
    name: str
    """What it advertises."""
    firmware: str = "V1.0"
    company_data: Mapping[int, bytes] = field(default_factory=dict)
    pairing_method: PairingMethod = PairingMethod.JUST_WORKS
    needs_bond: bool = False
    has_current_time: bool = True
    memory: int = 30
    factory_time: datetime = _FACTORY_TIME
    pace: Pace = _PACE

    def advertising(self, service: str) -> AdvertisingData:
        """Return what is said on the air."""
        return AdvertisingData(
            name=self.name, service_uuids=(service,), manufacturer_data=self.company_data
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermometerProfile(Make):
    """One thermometer. `constant_place` is told by 0x2A1D instead of with each value."""

    in_fahrenheit: bool = False
    constant_place: Place | None = None
    has_intermediate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OximeterProfile(Make):
    """One oximeter of the standard. Without a store it only sends what it measures."""

    has_store: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GlucoseProfile(Make):
    """One glucose meter. `deaf_s`: requests that come sooner after connecting are not heard.

    `fixed_passkey` stands in its papers, as it has no display to show one.
    """

    feature: int = 0x07FF
    in_moles: bool = False
    deaf_s: float = 0.0
    hears_second_request_only: bool = False
    fixed_passkey: int | None = None


FT95 = ThermometerProfile(
    manufacturer="Beurer GmbH",
    model="FT95",
    name="FT95",
    company_data=_USES_PASSKEY,
    pairing_method=PairingMethod.PASSKEY_ENTRY,
    needs_bond=True,
    has_current_time=False,
)
"""Beurer: forehead or object, marked by the type; a passkey on the display; no clock service."""

GENERIC_THERMOMETER = ThermometerProfile(
    manufacturer="OHX",
    model="Virtual Thermometer",
    name="Virtual Thermometer",
    constant_place=Place.EAR,
    has_intermediate=True,
)
"""A plain follower of the standard that shows the temperature while it measures."""

GENERIC_OXIMETER = OximeterProfile(
    manufacturer="OHX", model="Virtual Oximeter", name="Virtual Oximeter"
)
"""A plain follower of the standard with a store and a clock."""

PO60 = Make(
    manufacturer="Beurer GmbH",
    model="PO60",
    name="PO60",
    has_current_time=False,
    memory=100,
    pace=Pace(link_timeout_s=1.0),
)
"""Beurer: a protocol of its own; an old revision without a passkey."""

GENERIC_METER = GlucoseProfile(
    manufacturer="OHX", model="Virtual Meter", name="Virtual Meter", memory=500
)
"""A plain follower of the standard with a clock."""

GL50EVO = GlucoseProfile(
    manufacturer="Beurer GmbH",
    model="GL50evo",
    name="Beurer GL50EVO",
    pairing_method=PairingMethod.PASSKEY_ENTRY,
    needs_bond=True,
    has_current_time=False,
    feature=0x0141,
    memory=480,
    deaf_s=2.0,
    fixed_passkey=982249,
)
"""Beurer: a fixed passkey, no clock service, deaf at first."""
