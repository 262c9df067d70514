"""What a person presses to pair this very model: the steps as names; the words are in the shells.

Where no source speaks of a model, its family's step stands; where none speaks of the family, the
device's own manual does. Nothing here is guessed.

Sources: Beurer's protocol documents (FT95, PO60, GL50evo); captured sessions of BM54, BF720, BF500,
SBF73 and BF800; StanfordSpezi/SpeziDevices and userx14/omblepy for Omron. What systems ask: bleak's
documentation.
"""

from enum import StrEnum

from ohx_desktop.ble.beurer.model import Family
from ohx_desktop.ble.recognised import Recognised


class PairingStep(StrEnum):
    """One thing to do, in the order in which it is done."""

    OMRON_HOLD_BUTTON = "omron-hold-button"
    OMRON_PHONES_OFF = "omron-phones-off"
    BEURER_WAKE = "beurer-wake"
    SCALE_MENU = "scale-menu"
    SCALE_CONFIRM_NUMBER = "scale-confirm-number"
    SCALE_SHOWS_P0 = "scale-shows-p0"
    SCALE_PRESS_SET = "scale-press-set"
    STEP_ON = "step-on"
    SCALE_BUTTON = "scale-button"
    THERMOMETER_BUTTON = "thermometer-button"
    OXIMETER_BUTTON = "oximeter-button"
    GLUCOSE_CODE = "glucose-code"
    MANUAL = "manual"
    TYPE_PASSKEY = "type-passkey"
    PASSKEY_MAY_COME = "passkey-may-come"
    SYSTEM_SETTINGS_FIRST = "system-settings-first"
    SYSTEM_ASKS = "system-asks"
    KEEP_CLOSE = "keep-close"


_CUFFS = frozenset({Family.BLOOD_PRESSURE.value, Family.SWAPPED_BLOOD_PRESSURE.value})
_BEURERS = frozenset({"Beurer", "Sanitas", "Silvercrest", "Hans Dinslage"})
# Captured or documented to show six digits, whatever they advertise.
_SHOW_PASSKEY = frozenset({"BM54", "SBM69", "FT95", "BF500"})
# Newer revisions do, and say so in their advertisement; older ones do not.
_MAY_SHOW_PASSKEY = frozenset({"PO60"})

_BY_MODEL = {
    "BF720": (PairingStep.SCALE_MENU, PairingStep.SCALE_CONFIRM_NUMBER),
    "BF915": (PairingStep.SCALE_MENU, PairingStep.SCALE_CONFIRM_NUMBER),
    "BF500": (PairingStep.SCALE_MENU, PairingStep.SCALE_PRESS_SET),
    "SBF73": (PairingStep.SCALE_MENU, PairingStep.SCALE_SHOWS_P0),
    "BF800": (PairingStep.STEP_ON, PairingStep.SCALE_BUTTON),
    "FT95": (PairingStep.THERMOMETER_BUTTON,),
    "PO60": (PairingStep.OXIMETER_BUTTON,),
    "GL50evo": (PairingStep.MANUAL, PairingStep.GLUCOSE_CODE),
}
_BY_DRIVER = {
    Family.SIG_SCALE.value: (PairingStep.SCALE_MENU,),
    Family.FFE0_SCALE.value: (PairingStep.STEP_ON,),
}


def pairing_help(recognised: Recognised, *, platform: str) -> tuple[PairingStep, ...]:
    """Return what to do to pair a device, in order. `platform` is as `sys.platform` tells it."""
    return (
        *_what_to_press(recognised),
        *_number(recognised, platform),
        *((PairingStep.SYSTEM_ASKS,) if platform == "darwin" and recognised.bonds else ()),
        PairingStep.KEEP_CLOSE,
    )


def shows_passkey(recognised: Recognised) -> bool:
    """Tell whether the device shows six digits at pairing, which a person types here."""
    if recognised.manufacturer not in _BEURERS:
        return False
    is_cuff = recognised.driver in _CUFFS
    return (is_cuff and recognised.pairs_first) or recognised.model in _SHOW_PASSKEY


def _what_to_press(recognised: Recognised) -> tuple[PairingStep, ...]:
    if recognised.manufacturer == "OMRON":
        return PairingStep.OMRON_HOLD_BUTTON, PairingStep.OMRON_PHONES_OFF
    if recognised.model in _BY_MODEL:
        return _BY_MODEL[recognised.model]
    if recognised.driver in _BY_DRIVER:
        return _BY_DRIVER[recognised.driver]
    if recognised.manufacturer in _BEURERS and recognised.driver in _CUFFS:
        return (PairingStep.BEURER_WAKE,)
    return (PairingStep.MANUAL,)


def _number(recognised: Recognised, platform: str) -> tuple[PairingStep, ...]:
    if shows_passkey(recognised):
        # The program cannot type it there: the system's own pairing asks for it, once.
        is_windows = platform == "win32"
        return (PairingStep.SYSTEM_SETTINGS_FIRST if is_windows else PairingStep.TYPE_PASSKEY,)
    is_beurer_cuff = recognised.manufacturer in _BEURERS and recognised.driver in _CUFFS
    if is_beurer_cuff or recognised.model in _MAY_SHOW_PASSKEY:
        return (PairingStep.PASSKEY_MAY_COME,)
    return ()
