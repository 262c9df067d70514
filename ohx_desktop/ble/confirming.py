"""What a connected device really is: services and model number against the advertisement.

A name is a promise, and firmware of one name may differ. What does not fit is refused: bytes of
one form read as another give plausible nonsense.
"""

from collections.abc import Collection
from dataclasses import replace

from ohx_desktop.ble.assigned_numbers import BLOOD_PRESSURE_SERVICE
from ohx_desktop.ble.beurer.models import model_named
from ohx_desktop.ble.omron.memory_map import MemoryMap
from ohx_desktop.ble.omron.models import (
    Candidates,
    candidates_for_advertised_id,
    candidates_for_name,
    decide,
    normal_name,
)
from ohx_desktop.ble.omron.uuids import CLASSIC_SERVICE, EXTENSIONS, MODERN_SERVICE, TX
from ohx_desktop.ble.policy import NOTHING_SWITCHED_ON, DevicePolicy
from ohx_desktop.ble.recognised import (
    BLOOD_PRESSURE,
    OMRON_EEPROM,
    OMRON_EXTENSION,
    OMRON_NUDGED,
    Recognised,
)
from ohx_desktop.ble.registry import recognise_beurer
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.errors import Unsupported

# In standard mode this cuff waits for a greeting: see the driver.
_WAITS_FOR_GREETING = frozenset({"BP7255", "716CT2-Z"})


def confirm(
    recognised: Recognised,
    identity: DeviceIdentity,
    offers: Collection[str],
    *,
    has_key: bool,
    policy: DevicePolicy = NOTHING_SWITCHED_ON,
) -> Recognised:
    """Return what the device is, now that it is connected.

    `offers` are the UUIDs of its services and characteristics. `has_key` tells that this computer
    keeps a key of it: an Omron cuff that was given one answers by its own protocol alone. Raises
    Unsupported.
    """
    if recognised.manufacturer == "OMRON":
        driver = _omron_driver(recognised, identity, offers, has_key=has_key, policy=policy)
        return replace(recognised, driver=driver)
    model = model_named(identity.model or "")
    if model is None:
        return recognised
    if model.name != recognised.model:
        confirmed = recognise_beurer(model, uses_passkey=recognised.pairs_first)
        if confirmed is None:
            raise Unsupported("this program does not read devices of this model")
        recognised = confirmed
    if model.service not in offers:
        raise Unsupported("the device lacks the service that its model has")
    return recognised


def _omron_driver(
    recognised: Recognised,
    identity: DeviceIdentity,
    offers: Collection[str],
    *,
    has_key: bool,
    policy: DevicePolicy,
) -> str:
    """Return the memory's driver where it can be read, else that of the services it has."""
    memory, refusal = _known_memory(recognised, identity, offers, policy)
    has_standard = BLOOD_PRESSURE_SERVICE in offers
    if CLASSIC_SERVICE in offers and has_key:
        return OMRON_EEPROM
    if has_standard and recognised.standard_mode:
        waits = normal_name(identity.model or "") in _WAITS_FOR_GREETING and TX[0] in offers
        return OMRON_NUDGED if waits else BLOOD_PRESSURE
    if _is_by_extension(memory, offers):
        return OMRON_EXTENSION
    if MODERN_SERVICE in offers and not (has_standard and memory is None):
        return OMRON_EEPROM
    if has_standard:
        return BLOOD_PRESSURE
    raise refusal or Unsupported("the device has none of the services this program reads")


def _is_by_extension(memory: MemoryMap | None, offers: Collection[str]) -> bool:
    has_extension = any(uuid in offers for uuid in EXTENSIONS)
    return has_extension and (memory is None or memory.by_services)


def takes_key(
    recognised: Recognised,
    identity: DeviceIdentity,
    offers: Collection[str],
    policy: DevicePolicy = NOTHING_SWITCHED_ON,
) -> bool:
    """Tell whether enrolling gives the device a key, and so turns it to Omron's own protocol.

    A device that says that it hands out its records by the standard's services is left as it is,
    and so is one that is better read by the extension, or whose memory nobody has read.
    """
    is_classic = recognised.manufacturer == "OMRON" and CLASSIC_SERVICE in offers
    if not is_classic or recognised.standard_mode:
        return False
    memory, _ = _known_memory(recognised, identity, offers, policy)
    return memory is not None and not _is_by_extension(memory, offers)


def _known_memory(
    recognised: Recognised,
    identity: DeviceIdentity,
    offers: Collection[str],
    policy: DevicePolicy,
) -> tuple[MemoryMap | None, Unsupported | None]:
    """Return the map, or None and why there is none."""
    try:
        return memory_map(recognised, identity, offers, policy), None
    except Unsupported as refusal:
        return None, refusal


def memory_map(
    recognised: Recognised,
    identity: DeviceIdentity,
    offers: Collection[str],
    policy: DevicePolicy = NOTHING_SWITCHED_ON,
) -> MemoryMap:
    """Return the map of a connected Omron device.

    Raises Unsupported for one that nobody has read, unless an administrator answers for it.
    """
    named = candidates_for_name(identity.model or "")
    advertised = candidates_for_advertised_id(recognised.model_id or "-").maps
    # Only a choice that the model number leaves open is made by the id, which few tables know.
    both = tuple(one for one in named.maps if one in advertised)
    candidates = Candidates(both) if both else named
    memory = decide(candidates, services=offers, model_number=identity.model)
    if policy.allows(memory):
        return memory
    if memory.is_disputed:
        raise Unsupported(
            "sources disagree on the step of the weight in this scale's memory",
            hint="use a scale of docs/devices.md that is read, or type the weight in",
        )
    raise Unsupported("nobody has shown that the memory of this model is read rightly")
