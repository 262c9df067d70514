"""Every state of the devices page with invented devices: for the gallery and the tests."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from ohx_desktop.ble.device_registry import EnrolledDevice
from ohx_desktop.ble.events import LinkState
from ohx_desktop.ble.pairing_help import pairing_help
from ohx_desktop.ble.recognised import BLOOD_PRESSURE, OMRON_EEPROM, Recognised
from ohx_desktop.ble.support import Support
from ohx_desktop.ble.unread import WhyUnread
from ohx_desktop.desk.enrolling_states import (
    Chosen,
    DeviceList,
    EnrolFailed,
    Enrolling,
    EnrolState,
    FoundDevice,
    Registered,
    Searching,
)
from ohx_desktop.desk.states import PasskeyQuestion, TypedProblem, Waiting
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.errors import (
    BondedElsewhere,
    NotInPairingMode,
    PasskeyRefused,
    RadioReason,
    RadioUnavailable,
)

_SINCE = datetime(2026, 9, 1, 9, 30, tzinfo=timezone(timedelta(hours=2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A device that is being read asks for its number."""

    waiting: Waiting
    question: PasskeyQuestion


def _device(model: str, address: str, maker: str = "OMRON", **more: str) -> EnrolledDevice:
    identity = DeviceIdentity(manufacturer=maker, model=model, address=address, **more)
    return EnrolledDevice(identity=identity, driver=OMRON_EEPROM, enrolled_at=_SINCE)


def _found(maker: str, model: str, address: str, rssi: int, recognised: Recognised) -> FoundDevice:
    return FoundDevice(
        address=address,
        name=model,
        manufacturer=maker,
        model=model,
        rssi=rssi,
        recognised=recognised,
    )


_OMRON = Recognised(
    manufacturer="OMRON",
    model="HEM-7361T",
    driver=OMRON_EEPROM,
    pairs_first=True,
    support=Support.CAPTURED,
)
_BEURER = Recognised(
    manufacturer="Beurer",
    model="BM54",
    driver=BLOOD_PRESSURE,
    pairs_first=True,
    support=Support.USER_CONFIRMED,
)
_PLAIN = Recognised(manufacturer=None, model="BP-Monitor", driver=BLOOD_PRESSURE)

OMRON_FOUND = _found("OMRON", "HEM-7361T", "00:5F:BF:12:34:56", -48, _OMRON)
BEURER_FOUND = _found("Beurer", "BM54", "A4:C1:38:00:54:54", -63, _BEURER)
UNREAD_FOUND = FoundDevice(
    address="A4:C1:38:00:99:01",
    name="BF980",
    manufacturer="Beurer",
    model="BF980",
    rssi=-66,
    recognised=None,
    why_unread=WhyUnread.MAP_ONLY,
)
_FOUND = (
    OMRON_FOUND,
    replace(BEURER_FOUND, has_registered_twin=True),
    UNREAD_FOUND,
    replace(_found("", "BP-Monitor", "C0:00:00:00:00:07", -88, _PLAIN), is_registered=True),
)
DEVICES = (
    _device("HEM-7155T", "00:5F:BF:22:10:07", serial="20240511-0042"),
    _device("BM54", "A4:C1:38:00:11:22", "Beurer"),
)
_STEPS = pairing_help(_OMRON, platform="linux")
_PASSKEY_STEPS = pairing_help(_BEURER, platform="linux")
_ASKING = Enrolling(
    device=BEURER_FOUND,
    steps=_PASSKEY_STEPS,
    link=LinkState.PAIRING,
    question=PasskeyQuestion(address=BEURER_FOUND.address),
)

DEVICE_SCENES: dict[str, EnrolState] = {
    "50-no-devices": DeviceList(devices=()),
    "51-devices": DeviceList(devices=DEVICES),
    "52-bond-left": DeviceList(devices=DEVICES[:1], bond_left=DEVICES[1]),
    "53-searching": Searching(),
    "54-in-range": Searching(found=_FOUND),
    "55-search-over": Searching(found=_FOUND[:1], is_over=True),
    "56-search-without-bluetooth": Searching(
        is_over=True,
        error=RadioUnavailable("Bluetooth is off", reason=RadioReason.POWERED_OFF),
    ),
    "60-chosen": Chosen(device=OMRON_FOUND, steps=_STEPS),
    "61-chosen-twin": Chosen(device=_FOUND[1], steps=_PASSKEY_STEPS),
    "62-chosen-windows": Chosen(device=BEURER_FOUND, steps=pairing_help(_BEURER, platform="win32")),
    "63-enrol-waiting": Enrolling(device=OMRON_FOUND, steps=_STEPS),
    "64-enrol-pairing": Enrolling(device=OMRON_FOUND, steps=_STEPS, link=LinkState.PAIRING),
    "65-passkey": _ASKING,
    "66-passkey-too-short": replace(
        _ASKING,
        question=PasskeyQuestion(address=BEURER_FOUND.address, problem=TypedProblem.NOT_SIX_DIGITS),
    ),
    "67-registered": Registered(device=DEVICES[0]),
    "68-not-in-pairing-mode": EnrolFailed(
        device=OMRON_FOUND,
        steps=_STEPS,
        error=NotInPairingMode("the device is not in pairing mode"),
    ),
    "69-passkey-refused": EnrolFailed(
        device=BEURER_FOUND,
        steps=_PASSKEY_STEPS,
        error=PasskeyRefused("the device did not get the number that it shows"),
    ),
    "70-bonded-elsewhere": EnrolFailed(
        device=BEURER_FOUND,
        steps=_PASSKEY_STEPS,
        error=BondedElsewhere("the device refused to pair and showed no number"),
    ),
}
