"""What a person is told to press, and why a device is not read: never a guess about a model."""

import pytest

from ohx_desktop.ble.assigned_numbers import (
    BEURER,
    BLOOD_PRESSURE_SERVICE,
    OMRON,
    OMRON_SECURE_SERVICE,
    WEIGHT_SCALE_SERVICE,
    uuid16,
)
from ohx_desktop.ble.beurer.models import MODELS
from ohx_desktop.ble.bond_trouble import explain_enrolment, explain_reading, is_in_pairing_mode
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.pairing_help import PairingStep, pairing_help, shows_passkey
from ohx_desktop.ble.recognised import Recognised
from ohx_desktop.ble.registry import recognise, recognise_beurer
from ohx_desktop.ble.unread import WhyUnread, unread
from ohx_desktop.domain.errors import (
    BondedElsewhere,
    BondForgotten,
    ConnectionLost,
    NotInPairingMode,
    OhxError,
    PairingRefused,
)
from ohx_desktop.ui.texts import PAIRING_ERRORS, PAIRING_HELP, SUPPORT, WHY_UNREAD

ADDRESS = "00:5F:BF:12:34:56"
TRANSFER, PAIRING = bytes.fromhex("0100010000"), bytes.fromhex("0108010000")


def heard(
    name: str, *services: str, omron: bytes | None = None, beurer: bytes | None = None
) -> Advertisement:
    data = {OMRON: omron, BEURER: beurer}
    return Advertisement(
        address=ADDRESS,
        name=name,
        service_uuids=frozenset(services),
        manufacturer_data={id_: body for id_, body in data.items() if body is not None},
    )


OMRON_CUFF = "BLESmart_00000258005FBF123456"


def known(advertisement: Advertisement) -> Recognised:
    recognised = recognise(advertisement)
    assert recognised is not None
    return recognised


def test_an_omron_is_held_until_p_blinks() -> None:
    cuff = known(heard(OMRON_CUFF, OMRON_SECURE_SERVICE))
    assert pairing_help(cuff, platform="linux")[0] is PairingStep.OMRON_HOLD_BUTTON


@pytest.mark.parametrize(
    ("platform", "step"),
    [
        ("linux", PairingStep.TYPE_PASSKEY),
        ("darwin", PairingStep.TYPE_PASSKEY),
        ("win32", PairingStep.SYSTEM_SETTINGS_FIRST),
    ],
)
def test_a_cuff_that_shows_a_number_says_where_it_is_typed(
    platform: str, step: PairingStep
) -> None:
    cuff = known(heard("BM54", BLOOD_PRESSURE_SERVICE, beurer=b"\x01\x03"))
    steps = pairing_help(cuff, platform=platform)
    assert steps[:2] == (PairingStep.BEURER_WAKE, step)
    assert (PairingStep.SYSTEM_ASKS in steps) is (platform == "darwin")


def test_an_old_cuff_of_the_family_promises_no_number() -> None:
    steps = pairing_help(known(heard("BM77", BLOOD_PRESSURE_SERVICE)), platform="linux")
    assert PairingStep.PASSKEY_MAY_COME in steps
    assert PairingStep.TYPE_PASSKEY not in steps


def test_a_device_nobody_wrote_about_is_left_to_its_manual() -> None:
    steps = pairing_help(known(heard("Thing", BLOOD_PRESSURE_SERVICE)), platform="linux")
    assert steps == (PairingStep.MANUAL, PairingStep.KEEP_CLOSE)


def test_every_step_and_every_reason_has_its_words() -> None:
    assert set(PAIRING_HELP) == set(PairingStep)
    assert set(WHY_UNREAD) == set(WhyUnread)
    for model in MODELS:
        read = recognise_beurer(model, uses_passkey=False)
        if read is not None:
            assert pairing_help(read, platform="linux")
            assert read.support in SUPPORT


# ── what is not read ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("advertisement", "maker", "model", "why"),
    [
        (heard("BF980", WEIGHT_SCALE_SERVICE), "Beurer", "BF980", WhyUnread.MAP_ONLY),
        (heard("Toothbrush", beurer=b"\x00"), "Beurer", "Toothbrush", WhyUnread.UNKNOWN_MODEL),
        (heard("HBF-228T", OMRON_SECURE_SERVICE), "OMRON", "HBF-228T", None),
        (heard("Something", omron=TRANSFER), "OMRON", "Something", WhyUnread.UNKNOWN_MODEL),
    ],
)
def test_a_makers_device_that_is_not_read_is_named_with_the_reason(
    advertisement: Advertisement, maker: str, model: str, why: WhyUnread | None
) -> None:
    told = unread(advertisement)
    assert told is not None
    assert (told.manufacturer, told.model) == (maker, model)
    assert why in {None, told.why}


def test_what_no_maker_of_ours_made_is_not_listed() -> None:
    assert unread(heard("Headphones", uuid16(0x110B))) is None


# ── why pairing failed ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        (OMRON_CUFF, None, False),
        (OMRON_CUFF.replace("S", "s", 1), None, True),
        # The company data are the authority: a name may be an old one.
        (OMRON_CUFF, PAIRING, True),
        (OMRON_CUFF.replace("S", "s", 1), TRANSFER, False),
        ("HEM-7361T", None, None),
        # A scale has the small letter after any press.
        ("BLEsmart_0001040C005FBF123456", None, None),
    ],
)
def test_the_pairing_mode_is_what_the_device_says(
    name: str, data: bytes | None, expected: bool | None
) -> None:
    assert is_in_pairing_mode(heard(name, omron=data)) is expected


def test_a_refusal_is_named_by_what_the_device_says_of_itself() -> None:
    refused: OhxError = PairingRefused("refused")
    lost = ConnectionLost("dropped")
    transfer, pairing = (
        heard(OMRON_CUFF, OMRON_SECURE_SERVICE, omron=data) for data in (TRANSFER, PAIRING)
    )
    for error in (refused, lost):
        explained = explain_enrolment(error, transfer, known(transfer))
        assert isinstance(explained, NotInPairingMode)
        assert explain_enrolment(error, pairing, known(pairing)) is error
    beurer = heard("BM54", BLOOD_PRESSURE_SERVICE, beurer=b"\x01\x03")
    assert shows_passkey(known(beurer))
    assert isinstance(explain_enrolment(refused, beurer, known(beurer)), BondedElsewhere)
    # An error that carries its own advice knows more.
    windows = PairingRefused("refused", hint="pair it once in the Bluetooth settings")
    assert explain_enrolment(windows, beurer, known(beurer)) is windows


def test_a_registered_device_that_refuses_us_has_lost_its_bond() -> None:
    assert isinstance(explain_reading(PairingRefused("refused")), BondForgotten)
    taken = BondedElsewhere("another phone")
    assert explain_reading(taken) is taken
    lost = ConnectionLost("dropped")
    assert explain_reading(lost) is lost


def test_each_reason_has_its_words_and_its_next_action() -> None:
    named = [one for one in PairingRefused.__subclasses__() if not one.__name__.startswith("_")]
    reasons = {one.reason for one in named}
    assert reasons == set(PAIRING_ERRORS)
    hints = {one.hint for one in (PairingRefused, *named)}
    assert len(hints) == len(reasons) + 1
