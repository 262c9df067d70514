"""One file per device family: which characteristics, in which order."""

from collections.abc import Mapping
from dataclasses import replace

from ohx_desktop.ble.beurer.model import Family
from ohx_desktop.ble.confirming import confirm, takes_key
from ohx_desktop.ble.drivers.beurer_ffe0_scale import read_ffe0_scale
from ohx_desktop.ble.drivers.beurer_po60 import read_po60
from ohx_desktop.ble.drivers.beurer_sig_scale import enrol_sig_scale, read_sig_scale
from ohx_desktop.ble.drivers.beurer_swapped import read_swapped_blood_pressure
from ohx_desktop.ble.drivers.blood_pressure import read_blood_pressure
from ohx_desktop.ble.drivers.glucose import read_glucose
from ohx_desktop.ble.drivers.omron_eeprom import enrol_omron, read_omron_eeprom
from ohx_desktop.ble.drivers.omron_extension import enrol_extension, read_extension
from ohx_desktop.ble.drivers.omron_nudged import read_nudged_blood_pressure
from ohx_desktop.ble.drivers.pulse_oximeter import read_pulse_oximeter
from ohx_desktop.ble.drivers.thermometer import read_thermometer
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.omron.uuids import CLASSIC_SERVICE
from ohx_desktop.ble.recognised import (
    BLOOD_PRESSURE,
    GLUCOSE,
    OMRON_EEPROM,
    OMRON_EXTENSION,
    OMRON_NUDGED,
    PULSE_OXIMETER,
    THERMOMETER,
)
from ohx_desktop.ble.session import Conversation, Driver, identify

DRIVERS: Mapping[str, Driver] = {
    BLOOD_PRESSURE: read_blood_pressure,
    OMRON_EEPROM: read_omron_eeprom,
    OMRON_EXTENSION: read_extension,
    OMRON_NUDGED: read_nudged_blood_pressure,
    Family.SWAPPED_BLOOD_PRESSURE.value: read_swapped_blood_pressure,
    Family.SIG_SCALE.value: read_sig_scale,
    Family.FFE0_SCALE.value: read_ffe0_scale,
    THERMOMETER: read_thermometer,
    PULSE_OXIMETER: read_pulse_oximeter,
    GLUCOSE: read_glucose,
    Family.OXIMETER.value: read_po60,
}
"""The drivers by the names the registry uses."""

ENROLMENTS: Mapping[str, Driver] = {
    OMRON_EEPROM: enrol_omron,
    OMRON_EXTENSION: enrol_extension,
    Family.SIG_SCALE.value: enrol_sig_scale,
}
"""What some families want beside a bond, once, in pairing mode."""


async def read_device(link: Link, conversation: Conversation) -> None:
    """Look at what the device really is, and read it by its driver.

    Raises Unsupported for a device that is not what it advertised, and what the driver raises.
    """
    conversation = await _confirmed(link, conversation)
    await DRIVERS[conversation.recognised.driver](link, conversation)


async def enrol_device(link: Link, conversation: Conversation) -> Conversation:
    """Bond with the device and make this computer known to it; return who and what it is.

    Raises Unsupported, PairingRefused, ConnectionLost, DeviceSilent, DeviceError, and the
    KeystoreError family.
    """
    recognised = conversation.recognised
    if recognised.bonds:
        conversation = replace(conversation, recognised=replace(recognised, pairs_first=True))
    conversation = await _confirmed(link, conversation, enrolling=True)
    enrol = ENROLMENTS.get(conversation.recognised.driver)
    if enrol is not None:
        await enrol(link, conversation)
    return conversation


class Enrolment:
    """The driver that enrols; `enrolled` tells who and what the device is, once it has run."""

    enrolled: Conversation

    async def __call__(self, link: Link, conversation: Conversation) -> None:
        """Enrol the device. Raises as `enrol_device` does."""
        self.enrolled = await enrol_device(link, conversation)


async def _confirmed(
    link: Link, conversation: Conversation, *, enrolling: bool = False
) -> Conversation:
    conversation = await identify(link, conversation)
    recognised, identity, policy = conversation.recognised, conversation.who, conversation.policy
    offers = link.services | link.characteristics
    if enrolling:
        has_key = takes_key(recognised, identity, offers, policy)
    else:
        has_key = CLASSIC_SERVICE in offers and bool(await conversation.secrets.get(link.address))
    confirmed = confirm(recognised, identity, offers, has_key=has_key, policy=policy)
    return replace(conversation, recognised=confirmed)


__all__ = ["DRIVERS", "ENROLMENTS", "Enrolment", "enrol_device", "read_device"]
