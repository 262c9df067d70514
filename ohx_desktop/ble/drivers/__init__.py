"""One file per device family: which characteristics, in which order."""

from collections.abc import Mapping

from ohx_desktop.ble.drivers.blood_pressure import read_blood_pressure
from ohx_desktop.ble.registry import BLOOD_PRESSURE
from ohx_desktop.ble.session import Driver

DRIVERS: Mapping[str, Driver] = {BLOOD_PRESSURE: read_blood_pressure}
"""The drivers by the names the registry uses."""

__all__ = ["DRIVERS"]
