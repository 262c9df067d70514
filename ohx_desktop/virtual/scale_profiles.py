"""Scales of the Bluetooth SIG services with a service of their maker's: models as data.

Source: published captures and, for the BF600, the maker's protocol document. Where the document
and captures differ, the captures count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ohx_desktop.virtual.gatt import uuid16
from ohx_desktop.virtual.pairing import PairingMethod
from ohx_desktop.virtual.profiles import Pace

_FACTORY_TIME = datetime.fromisoformat("2020-01-01T00:00:00")
_PACE = Pace(link_timeout_s=30.0, measuring_s=6.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateNumbers:
    """Where a variant keeps what no standard service has: 16-bit UUIDs."""

    service: int
    settings: int
    user_list: int
    activity: int
    take_measurement: int
    reference_weight: int
    initials: int | None = None


BF600_NUMBERS = PrivateNumbers(
    service=0xFFF0,
    settings=0xFFF1,
    user_list=0xFFF2,
    activity=0xFFF3,
    take_measurement=0xFFF4,
    reference_weight=0xFFF5,
)
BF720_NUMBERS = PrivateNumbers(
    service=0xFFFF,
    settings=0x0000,
    user_list=0x0001,
    activity=0x0004,
    take_measurement=0x0006,
    reference_weight=0x000B,
    initials=0x0002,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleProfile:
    """One model. `pace.measuring_s` is the impedance phase, after the weight is stable."""

    manufacturer: str = "Beurer GmbH"
    model: str
    firmware: str = "V1.0"
    advertised_service: str
    lists_news: bool = False
    """The advertisement tells which users have records that no host has fetched."""
    company: int | None = None
    slots: int = 8
    memory_per_user: int = 30
    private: PrivateNumbers
    pairing_method: PairingMethod = PairingMethod.JUST_WORKS
    weight_feature: int = 0x00B7
    composition_feature: int = 0x31CF
    data_after_consent_s: float = 4.0
    shows_consent_code: bool = False
    """Shows the code of a user on its display when asked by the user list."""
    sends_stubs: bool = False
    """Sends empty compositions until the host has written the user's data back."""
    factory_time: datetime = _FACTORY_TIME
    pace: Pace = _PACE


BF600 = ScaleProfile(
    model="BF600",
    advertised_service=uuid16(0x181D),
    lists_news=True,
    private=BF600_NUMBERS,
)
BF720 = ScaleProfile(model="BF720", advertised_service=uuid16(0xFFFF), private=BF720_NUMBERS)
BF788 = ScaleProfile(
    model="BF788",
    advertised_service=uuid16(0x181D),
    private=BF600_NUMBERS,
    sends_stubs=True,
)
SBF73 = ScaleProfile(
    manufacturer="Sanitas",
    model="SBF73",
    advertised_service=uuid16(0xFFFF),
    company=0x0613,
    private=BF720_NUMBERS,
    shows_consent_code=True,
)

SCALE_PROFILES: Mapping[str, ScaleProfile] = {
    "beurer-bf600": BF600,
    "beurer-bf720": BF720,
    "beurer-bf788": BF788,
    "sanitas-sbf73": SBF73,
}
