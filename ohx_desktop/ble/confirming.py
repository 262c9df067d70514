"""What a connected device really is: services and model number against the advertisement.

A name is a promise, and firmware of one name may differ. What does not fit is refused: bytes of
one form read as another give plausible nonsense.
"""

from collections.abc import Collection
from dataclasses import replace

from ohx_desktop.ble.assigned_numbers import BLOOD_PRESSURE_SERVICE
from ohx_desktop.ble.beurer.models import model_named
from ohx_desktop.ble.omron.memory_map import MemoryMap, Unconfirmed
from ohx_desktop.ble.omron.models import (
    Candidates,
    candidates_for_advertised_id,
    candidates_for_name,
    decide,
)
from ohx_desktop.ble.omron.uuids import CLASSIC_SERVICE, MODERN_SERVICE
from ohx_desktop.ble.recognised import BLOOD_PRESSURE, OMRON_EEPROM, Recognised
from ohx_desktop.ble.registry import recognise_beurer
from ohx_desktop.ble.support import Support
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.errors import Unsupported


def confirm(
    recognised: Recognised,
    identity: DeviceIdentity,
    services: Collection[str],
    *,
    has_key: bool,
) -> Recognised:
    """Return what the device is, now that it is connected.

    `has_key` tells that this computer keeps a key of it: an Omron cuff that was given one answers
    by its own protocol alone. Raises Unsupported.
    """
    if recognised.manufacturer == "OMRON":
        driver = _omron_driver(recognised, identity, services, has_key=has_key)
        return replace(recognised, driver=driver)
    model = model_named(identity.model or "")
    if model is None:
        return recognised
    if model.name != recognised.model:
        confirmed = recognise_beurer(model, uses_passkey=recognised.pairs_first)
        if confirmed is None:
            raise Unsupported("this program does not read devices of this model")
        recognised = confirmed
    if model.service not in services:
        raise Unsupported("the device lacks the service that its model has")
    return recognised


def _omron_driver(
    recognised: Recognised,
    identity: DeviceIdentity,
    services: Collection[str],
    *,
    has_key: bool,
) -> str:
    """Return the memory's driver where it can be read, else that of the standard's service."""
    has_standard = BLOOD_PRESSURE_SERVICE in services
    prefers_standard = has_standard and (
        recognised.standard_mode or not _is_memory_known(recognised, identity, services)
    )
    is_classic = CLASSIC_SERVICE in services and has_key
    is_modern = MODERN_SERVICE in services and not prefers_standard
    if is_classic or is_modern:
        return OMRON_EEPROM
    if has_standard:
        return BLOOD_PRESSURE
    raise Unsupported("the device has none of the services this program reads")


def takes_key(recognised: Recognised, identity: DeviceIdentity, services: Collection[str]) -> bool:
    """Tell whether enrolling gives the device a key, and so turns it to Omron's own protocol.

    A device that says that it hands out its records by the standard's services is left as it is,
    and so is one whose memory nobody has read.
    """
    is_classic = recognised.manufacturer == "OMRON" and CLASSIC_SERVICE in services
    if not is_classic or recognised.standard_mode:
        return False
    return _is_memory_known(recognised, identity, services)


def _is_memory_known(
    recognised: Recognised, identity: DeviceIdentity, services: Collection[str]
) -> bool:
    try:
        memory_map(recognised, identity, services)
    except Unsupported:
        return False
    return True


def memory_map(
    recognised: Recognised, identity: DeviceIdentity, services: Collection[str]
) -> MemoryMap:
    """Return the map of a connected Omron device. Raises Unsupported for one nobody has read."""
    named = candidates_for_name(identity.model or "")
    advertised = candidates_for_advertised_id(recognised.model_id or "-").maps
    # Only a choice that the model number leaves open is made by the id, which few tables know.
    both = tuple(one for one in named.maps if one in advertised)
    candidates = Candidates(both) if both else named
    memory = decide(candidates, services=services, model_number=identity.model)
    if memory.support is Support.MAP_ONLY or Unconfirmed.RECORD in memory.unconfirmed:
        raise Unsupported("nobody has shown that the memory of this model is read rightly")
    return memory
