"""What is known of a Beurer model: its family, its variant of it, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.ble.assigned_numbers import (
    BLOOD_PRESSURE_SERVICE,
    GLUCOSE_SERVICE,
    HEALTH_THERMOMETER_SERVICE,
    WEIGHT_SCALE_SERVICE,
)
from ohx_desktop.ble.beurer.ffe0 import FFE0_SERVICE, Variant
from ohx_desktop.ble.beurer.po60 import PO60_SERVICE
from ohx_desktop.ble.beurer.scale_layout import ScaleLayout
from ohx_desktop.ble.support import Support


class Family(StrEnum):
    """How a device delivers its readings; the values serve as names of drivers."""

    BLOOD_PRESSURE = "blood-pressure"
    SWAPPED_BLOOD_PRESSURE = "beurer-swapped-blood-pressure"
    BLOOD_PRESSURE_STREAM = "beurer-blood-pressure-stream"
    SIG_SCALE = "beurer-sig-scale"
    FFE0_SCALE = "beurer-ffe0-scale"
    THERMOMETER = "thermometer"
    OXIMETER = "beurer-oximeter"
    GLUCOSE = "glucose"


SERVICES: Mapping[Family, str | None] = {
    Family.BLOOD_PRESSURE: BLOOD_PRESSURE_SERVICE,
    Family.SWAPPED_BLOOD_PRESSURE: BLOOD_PRESSURE_SERVICE,
    Family.BLOOD_PRESSURE_STREAM: None,
    Family.SIG_SCALE: WEIGHT_SCALE_SERVICE,
    Family.FFE0_SCALE: FFE0_SERVICE,
    Family.THERMOMETER: HEALTH_THERMOMETER_SERVICE,
    Family.OXIMETER: PO60_SERVICE,
    Family.GLUCOSE: GLUCOSE_SERVICE,
}
"""The service that a device of the family must offer once it is connected."""


_PROVEN_BY_FRAMES = frozenset(
    {
        Family.BLOOD_PRESSURE,
        Family.SWAPPED_BLOOD_PRESSURE,
        Family.THERMOMETER,
        Family.GLUCOSE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model. `names` are what it advertises.

    `settle_s` is how long to leave it alone between connecting and subscribing; `sets_clock`
    tells that its maker's program writes the Current Time of a cuff. `layout` is the private
    service of a SIG scale, `variant` the form of an FFE0 scale. `slots` is how many users it
    keeps, None where no good source says so.
    """

    name: str
    manufacturer: str
    family: Family
    support: Support
    names: tuple[str, ...]
    settle_s: float = 0.0
    sets_clock: bool = False
    layout: ScaleLayout | None = None
    variant: Variant | None = None
    slots: int | None = None

    @property
    def service(self) -> str | None:
        """The service it must offer once it is connected."""
        return SERVICES[self.family]

    @property
    def is_read_by_default(self) -> bool:
        """Tell whether its readings are taken without an administrator's word.

        A cuff proves its form frame by frame, and that of the standard needs no proof; a scale or
        a protocol of the maker's own does not, and needs more than its name in a table.
        """
        if self.family in _PROVEN_BY_FRAMES:
            return True
        is_known = self.family is not Family.BLOOD_PRESSURE_STREAM
        return is_known and self.support is not Support.MAP_ONLY
