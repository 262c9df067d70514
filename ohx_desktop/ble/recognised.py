"""What is known of a device before and after it is connected, and the names of the drivers."""

from dataclasses import dataclass

from ohx_desktop.ble.support import Support

BLOOD_PRESSURE = "blood-pressure"
"""Driver of devices that follow the Blood Pressure Service plainly."""
OMRON_EXTENSION = "omron-extension"
"""Driver of Omron devices that hand out numbered records by their maker's extension."""
OMRON_NUDGED = "omron-nudged"
"""Driver of Omron cuffs that send their standard records only after a greeting of their own."""
OMRON_EEPROM = "omron-eeprom"
"""Driver of Omron devices whose memory is read by Omron's own protocol."""
THERMOMETER = "thermometer"
"""Driver of devices that follow the Health Thermometer Service."""
PULSE_OXIMETER = "pulse-oximeter"
"""Driver of devices that follow the Pulse Oximeter Service."""
GLUCOSE = "glucose"
"""Driver of devices that follow the Glucose Service.

The drivers of Beurer's families are named by `beurer.model.Family`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What an advertisement tells of a device this program reads.

    `model_id` is what Omron advertises in place of a model, and `standard_mode` that the device
    says it hands out its records by the standard's services. `pairing_mode` is whether it says that
    it takes new computers now, None where it does not say. `settle_s` is how long to leave the
    device alone between connecting and subscribing. `bonds` means that it wants a bond at all,
    `pairs_first` that it refuses everything, or stays silent, before it has one. `support` is None
    where the standard's own form needs no proof, or only the connected device can tell.
    """

    manufacturer: str | None
    model: str | None
    driver: str
    model_id: str | None = None
    standard_mode: bool = False
    pairing_mode: bool | None = None
    settle_s: float = 0.0
    bonds: bool = True
    pairs_first: bool = False
    support: Support | None = None
