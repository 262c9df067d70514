"""Why a device and this computer do not trust each other, told apart by what the session met.

A refusal alone does not say whose bond is missing. What the device advertised does, and whether it
was registered here.

Source: StanfordSpezi/SpeziDevices (pairing mode on the air), eigger/hass-omron (what devices out of
pairing mode do), Beurer's protocol documents (a cuff keeps the bond of another phone).
"""

from ohx_desktop.ble.assigned_numbers import OMRON
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.omron.advertisement import pairing_mode
from ohx_desktop.ble.pairing_help import shows_passkey
from ohx_desktop.ble.recognised import Recognised
from ohx_desktop.domain.errors import (
    BondedElsewhere,
    BondForgotten,
    ConnectionLost,
    DeviceSilent,
    NotInPairingMode,
    OhxError,
    PairingRefused,
)


def explain_enrolment(
    error: OhxError, advertisement: Advertisement, recognised: Recognised
) -> OhxError:
    """Return the error of an enrolment, by its name where the advertisement tells the cause."""
    is_refusal = type(error) is PairingRefused
    broke_off = isinstance(error, ConnectionLost | DeviceSilent)
    if (is_refusal or broke_off) and is_in_pairing_mode(advertisement) is False:
        # It would drop, or leave without an answer, whoever is new to it.
        return NotInPairingMode("the device is not in pairing mode")
    if is_refusal and shows_passkey(recognised) and error.hint == PairingRefused.hint:
        return BondedElsewhere(
            "the device refused to pair and showed no number",
            hint="delete the other phone or computer in the device's own Bluetooth menu, then try "
            "again",
        )
    return error


def explain_reading(error: OhxError) -> OhxError:
    """Return the error of a session with a registered device, by its name where that is sure.

    A registered device was bonded, or was given a key: it cannot refuse us for another reason.
    """
    return BondForgotten(error.what) if type(error) is PairingRefused else error


def is_in_pairing_mode(advertisement: Advertisement) -> bool | None:
    """Tell whether the device says that it takes new computers now; None where it does not say."""
    data = advertisement.manufacturer_data.get(OMRON, b"")
    return pairing_mode(advertisement.name or "", data)
