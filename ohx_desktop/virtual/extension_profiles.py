"""Omron devices that hand out numbered records by their maker's extension: models as data.

What a host must leave alone, and for how long, is what readers of a HBF-222T report; the memory's
depth is that of the maker's tables.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ohx_desktop.virtual.profiles import Pace

_PACE = Pace()


class ExtensionKind(StrEnum):
    """What a device measures."""

    SCALE = "scale"
    CUFF = "cuff"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionProfile:
    """One model. `model_id`: eight hexadecimal digits of the advertised name.

    A host that subscribes the record access control point is deaf to its own subscription for
    `subscribing_s`, and its requests are refused for `busy_s` after a consent, or for good where
    `minds_others` and it subscribed to standard measurements, too.
    """

    kind: ExtensionKind
    model: str
    model_id: str
    firmware: str = "1.0.0"
    manufacturer: str = "OMRONHEALTHCARE"
    slots: int = 4
    memory_per_user: int = 30
    subscribing_s: float = 0.0
    busy_s: float = 0.0
    minds_others: bool = False
    sends_unasked: bool = False
    """Once subscribed to, it sends what it has without being asked."""
    accepts_time: bool = True
    factory_time: datetime
    pace: Pace = _PACE


HBF_222T = ExtensionProfile(
    kind=ExtensionKind.SCALE,
    model="HBF-222T",
    model_id="00010208",
    subscribing_s=1.2,
    busy_s=2.5,
    minds_others=True,
    factory_time=datetime.fromisoformat("2014-01-01T00:00:00"),
)
"""VIVA: four users and a guest, one user a connection, busy after a consent."""

BP7900 = ExtensionProfile(
    kind=ExtensionKind.CUFF,
    model="Complete",
    model_id="00000251",
    slots=1,
    memory_per_user=90,
    sends_unasked=True,
    accepts_time=False,
    factory_time=datetime.fromisoformat("2019-01-01T00:00:00"),
)
"""A cuff with an electrocardiogram that nobody reads by Bluetooth; its clock cannot be set."""
