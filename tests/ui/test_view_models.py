"""What the screens say, without a screen. Texts are compared as a person reads them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from ohx_desktop.ble.events import LinkState
from ohx_desktop.desk.states import Filed, FindPatient, QueueSummary, Reviewing, Waiting
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import (
    ConnectionLost,
    NoKeyring,
    OhxError,
    RadioReason,
    RadioUnavailable,
    StoreEnvironment,
    Transient,
)
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.patient import Patient, PatientIdentifier
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.ui import scenes, texts
from ohx_desktop.ui.models.banner import banner_of, grouped, name_text
from ohx_desktop.ui.models.filed import filed_view
from ohx_desktop.ui.models.finding import find_view
from ohx_desktop.ui.models.footer import footer_view
from ohx_desktop.ui.models.message import message_of
from ohx_desktop.ui.models.parts import Tone
from ohx_desktop.ui.models.review import ReviewView, review_view
from ohx_desktop.ui.models.value import other_facts, tiles
from ohx_desktop.ui.models.waiting import waiting_view
from ohx_desktop.ui.models.when import age_text, length_text

_TODAY = scenes.NOW.date()


def _plain(text: str) -> str:
    return text.replace("\u2068", "").replace("\u2069", "").replace("\u00a0", " ").replace("’", "'")  # noqa: RUF001


def _review(reading: Reading, **state: object) -> ReviewView:
    shown = replace(Reviewing(patient=scenes.JANE, reading=reading), **state)  # type: ignore[arg-type]  # fields by name
    return review_view(shown, scenes.NOW)


def _time(reading: Reading) -> tuple[str, Tone]:
    chip = _review(reading).chips[0]
    return _plain(chip.text), chip.tone


# ── the banner ───────────────────────────────────────────────────────────────────────────────


def test_the_banner_has_the_form_that_clinics_know() -> None:
    view = banner_of(scenes.JANE, _TODAY)
    assert _plain(view.name) == "SMITH, Jane (Ms)"
    assert view.born == "23-Nov-1951 (75 y)"
    assert view.gender == "Female"
    assert view.identifier_label == "MRN"
    assert _plain(view.identifier) == "943 476 5919"


def test_what_the_ehr_does_not_know_is_said_to_be_unknown() -> None:
    view = banner_of(Patient(reference="Patient/1", family="Smythe", given=""), _TODAY)
    assert (view.born, view.gender, view.identifier) == ("Not known", "Not known", "Not known")
    assert _plain(view.name) == "SMYTHE"


def test_a_dead_person_has_no_age() -> None:
    view = banner_of(scenes.LATE, _TODAY)
    assert view.born == "23-Nov-1951"
    assert view.deceased
    assert "Deceased" in view.spoken


@pytest.mark.parametrize(
    ("family", "shown"),
    [("Weiß", "WEIẞ"), ("d'Artagnan", "D'ARTAGNAN"), ("Łuczak", "ŁUCZAK"), ("الأحمدي", "الأحمدي")],
)
def test_capitals_never_make_another_name(family: str, shown: str) -> None:
    assert _plain(name_text(Patient(reference="Patient/1", family=family, given="A"))) == (
        f"{shown}, A"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("9434765919", "943 476 5919"),
        ("12345678", "123 456 78"),
        ("1234567", "123 4567"),
        ("1234", "1234"),
        ("A-17/4", "A-17/4"),
    ],
)
def test_a_number_is_grouped_and_any_other_identifier_left_alone(value: str, shown: str) -> None:
    assert _plain(grouped(value)) == shown
    assert grouped(value).replace("\u00a0", "") == value


@pytest.mark.parametrize(
    ("born", "age"),
    [
        (date(1951, 11, 23), "75 y"),
        (date(1951, 11, 24), "74 y"),
        (date(2024, 11, 24), "23 m"),
        (date(2024, 11, 23), "2 y"),
        (date(2026, 10, 24), "30 d"),
        (date(2026, 11, 23), "0 d"),
    ],
)
def test_an_age_is_told_in_the_unit_of_the_age(born: date, age: str) -> None:
    assert age_text(born, _TODAY) == age


def test_the_label_of_the_number_is_the_clinics_own() -> None:
    number = PatientIdentifier(system="urn:oid:1.2", value="7", label="NHS number")
    view = banner_of(replace(scenes.JANE, identifier=number), _TODAY)
    assert (view.identifier_label, view.identifier) == ("NHS number", "7")


# ── finding and waiting ──────────────────────────────────────────────────────────────────────


def test_an_empty_list_says_what_will_be_there() -> None:
    assert find_view(FindPatient(), _TODAY).empty == texts.NOBODY_YET
    assert find_view(FindPatient(results=()), _TODAY).empty == texts.NOBODY_FOUND
    assert find_view(FindPatient(searching=True), _TODAY).status == "Searching…"


def test_a_failed_search_speaks_of_no_reading() -> None:
    error = Transient("the EHR is not reachable")
    message = find_view(FindPatient(error=error), _TODAY).message
    assert message is not None
    assert message.what == "The EHR is not reachable."
    assert "reading" not in message.rest


def test_waiting_names_the_cuff_and_what_to_do() -> None:
    view = waiting_view(Waiting(patient=scenes.JANE, device_name="Cuff room 2"))
    assert view.heading == "Waiting for “Cuff room 2”"
    assert "Start the measurement" in view.steps
    assert view.pulsing
    assert waiting_view(Waiting(patient=scenes.JANE)).heading == "Waiting for the device"


@pytest.mark.parametrize("link", LinkState)
def test_each_state_of_the_link_has_its_words(link: LinkState) -> None:
    view = waiting_view(Waiting(patient=scenes.JANE, link=link))
    assert view.heading[0].isupper()
    assert "{" not in view.heading + view.steps


def test_while_bluetooth_is_away_nobody_is_told_to_measure() -> None:
    off = RadioUnavailable("off", reason=RadioReason.POWERED_OFF)
    lost = Waiting(patient=scenes.JANE, link=LinkState.NO_RADIO, problem=off)
    view = waiting_view(lost)
    assert (view.heading, view.steps) == (texts.NOT_LISTENING, texts.NO_RADIO_STEPS)
    assert [view.can_measure, view.pulsing, view.can_listen_again] == [False] * 3
    assert view.message is not None
    assert "Switch Bluetooth on" in view.message.rest
    back = waiting_view(replace(lost, link=LinkState.LISTENING, problem=None))
    assert back.can_measure
    assert back.pulsing


def test_readings_left_out_are_told() -> None:
    one = waiting_view(Waiting(patient=scenes.JANE, stored_seen=1)).note
    two = waiting_view(Waiting(patient=scenes.JANE, stored_seen=2)).note
    assert _plain(one) == "1 older reading in the device's memory was left out."
    assert _plain(two) == "2 older readings in the device's memory were left out."


# ── reviewing ────────────────────────────────────────────────────────────────────────────────


def test_values_are_shown_with_the_devices_own_precision() -> None:
    pressure, pulse = _review(scenes.READING).values
    assert (pressure.figures, pressure.unit) == ("128/82", "mmHg")
    assert (pulse.figures, pulse.unit) == ("71", "/min")
    assert pressure.spoken == "Blood pressure 128 over 82 millimetres of mercury"
    converted = _review(scenes.IN_KPA)
    assert [value.figures for value in converted.values] == ["201.8/128.3", "171.5"]
    assert "26.9/17.1 kPa" in " ".join(chip.text for chip in converted.chips)
    assert "Mean pressure 153.0 mmHg" in {chip.text for chip in converted.chips}


def test_a_reading_says_which_of_two_like_devices_it_is_of() -> None:
    one, other = (
        replace(scenes.READING, device=DeviceIdentity(model="BM54", serial=serial))
        for serial in ("A1", "A2")
    )
    assert "From BM54, A1" in {chip.text for chip in _review(one).chips}
    assert "From BM54, A2" in {chip.text for chip in _review(other).chips}


def test_a_missing_half_is_a_dash_and_never_a_number() -> None:
    reading = replace(scenes.READING, quantities=scenes.READING.quantities[:1])
    (pressure,) = _review(reading).values
    assert pressure.figures == "128/–"  # noqa: RUF001 - the dash


def test_a_trusted_clock_is_on_time() -> None:
    assert _time(scenes.READING) == ("10:15, on time", Tone.GOOD)


def test_an_older_reading_with_a_trusted_clock_says_how_old() -> None:
    reading = replace(scenes.READING, measured_at=scenes.NOW - timedelta(minutes=62))
    assert _time(reading) == ("09:13, 1 h 2 min ago", Tone.ATTENTION)
    yesterday = replace(scenes.READING, measured_at=scenes.NOW - timedelta(days=1))
    assert _time(yesterday) == ("22-Nov-2026 10:15, 1 d ago", Tone.ATTENTION)


def test_a_reading_from_the_future_is_not_on_time() -> None:
    reading = replace(scenes.READING, measured_at=scenes.NOW + timedelta(hours=3))
    assert _time(reading) == ("13:15, later than this computer's clock", Tone.ATTENTION)


def test_a_corrected_clock_says_by_how_much_and_to_which_side() -> None:
    behind = "10:15, the device's clock was 1 h 2 min behind and is corrected"
    assert _time(scenes.CORRECTED) == (behind, Tone.NEUTRAL)
    clock = replace(scenes.CORRECTED.clock, offset_s=90.0)
    ahead = "10:15, the device's clock was 1 min ahead and is corrected"
    assert _time(replace(scenes.CORRECTED, clock=clock))[0] == ahead


def test_an_unknown_time_asks_for_the_display() -> None:
    assert _time(scenes.UNDATED) == (
        "Time unknown: compare with the device's display",
        Tone.ATTENTION,
    )
    received = replace(scenes.READING, clock=DeviceClock(trust=ClockTrust.RECEIVED))
    assert "Arrived 10:15" in _time(received)[0]
    view = _review(scenes.UNDATED)
    assert view.check is not None
    assert not view.can_confirm
    assert _review(scenes.UNDATED, display_checked=True).can_confirm


def test_the_display_is_compared_in_the_unit_it_shows() -> None:
    reading = replace(scenes.IN_KPA, clock=DeviceClock(trust=ClockTrust.UNKNOWN))
    assert "26.9/17.1" in (_review(reading).check or "")


def test_an_unregistered_cuff_is_said_and_checked() -> None:
    view = _review(scenes.READING, device_registered=False)
    assert any("not registered" in chip.text for chip in view.chips)
    assert view.check is not None


@pytest.mark.parametrize("flag", Flag)
def test_each_flag_has_its_words(flag: Flag) -> None:
    view = _review(replace(scenes.READING, flags=frozenset({flag})))
    assert texts.FLAGS[flag] in {chip.text for chip in view.chips}


def test_what_needs_a_look_comes_before_what_is_well() -> None:
    chips = _review(replace(scenes.READING, flags=frozenset(Flag))).chips[1:]
    tones = [chip.tone is Tone.ATTENTION for chip in chips]
    assert tones == sorted(tones, reverse=True)


def test_saving_and_a_failed_save() -> None:
    saving = _review(scenes.READING, saving=True)
    assert (saving.confirm, saving.can_confirm) == ("Saving…", False)
    failed = _review(scenes.READING, error=StoreEnvironment("the disk is full"))
    assert failed.message is not None
    assert failed.message.tone is Tone.STOP
    assert failed.can_confirm


# ── filed and footer ─────────────────────────────────────────────────────────────────────────


def _filed(name: str) -> Filed:
    scene = scenes.SCENES[name]
    assert isinstance(scene, Filed)
    return scene


@pytest.mark.parametrize(
    ("scene", "labels", "tones"),
    [
        ("40-saved", ["Saved", "Not sent yet", "Not in the chart yet"], "good open open"),
        ("42-sent", ["Saved", "Sent", "Checking the chart"], "good good open"),
        ("43-in-chart", ["Saved", "Sent", "In the chart"], "good good good"),
        ("44-refused", ["Saved", "Needs you", "Not in the chart yet"], "good attention open"),
    ],
)
def test_three_facts_have_three_words(scene: str, labels: list[str], tones: str) -> None:
    steps = filed_view(_filed(scene)).steps
    assert [step.label for step in steps] == labels
    assert [step.tone.value for step in steps] == tones.split()


def test_the_chart_step_names_what_was_written() -> None:
    assert "Observation/4711" in filed_view(_filed("43-in-chart")).steps[2].detail


def test_a_retry_tells_its_time_in_the_clinics_zone() -> None:
    filed = _filed("41-retrying")
    assert filed_view(filed).steps[1].detail == "Next try 10:16:28"
    assert filed.entry.next_attempt is not None
    elsewhere = filed.entry.next_attempt.astimezone(datetime.now().astimezone().tzinfo)
    moved = replace(filed, entry=replace(filed.entry, next_attempt=elsewhere))
    assert filed_view(moved).steps[1].detail == "Next try 10:16:28"


def test_a_refused_reading_says_why_and_that_it_is_safe() -> None:
    message = filed_view(_filed("44-refused")).message
    assert message is not None
    assert "does not know this patient" in message.rest
    assert "stays safe" in message.rest


@pytest.mark.parametrize("state", EntryState)
def test_each_state_of_the_outbox_can_be_drawn(state: EntryState) -> None:
    filed = _filed("40-saved")
    view = filed_view(replace(filed, entry=replace(filed.entry, state=state)))
    assert all(step.label and step.spoken for step in view.steps)


def test_the_footer_counts_and_names() -> None:
    view = footer_view(QueueSummary(waiting=2, needs_attention=1), "N. Okafor")
    assert [chip.text for chip in view.chips] == ["2 waiting for the EHR", "1 needs you"]
    assert view.signed_in == "Signed in: N. Okafor"
    assert footer_view(QueueSummary(), None).signed_in == "Nobody signed in"


@pytest.mark.parametrize(
    ("differing", "text"),
    [(1, "1 reading differs in the EHR"), (3, "3 readings differ in the EHR")],
)
def test_the_footer_tells_what_the_ehr_no_longer_holds_as_filed(differing: int, text: str) -> None:
    (chip,) = footer_view(QueueSummary(differing=differing), None).chips
    assert (chip.text, chip.tone) == (text, Tone.ATTENTION)


def test_an_old_failure_is_not_told_once_everything_is_sent() -> None:
    assert footer_view(QueueSummary(last_error="the EHR is not reachable"), None).why == ""


# ── errors ───────────────────────────────────────────────────────────────────────────────────


def test_a_known_error_speaks_like_a_person() -> None:
    message = message_of(ConnectionLost("the link to the device was lost"))
    assert message.what == "The device stopped answering."


def test_an_advice_of_the_error_itself_wins_over_the_usual_one() -> None:
    message = message_of(ConnectionLost("lost", hint="bring the device closer"))
    assert message.rest.endswith("Bring the device closer.")


@pytest.mark.parametrize("reason", RadioReason)
def test_each_reason_of_the_radio_is_told(reason: RadioReason) -> None:
    message = message_of(RadioUnavailable("Bluetooth cannot be used", reason=reason))
    assert message.what.endswith(".")
    assert message.rest.count(".") >= 2


def test_every_error_is_three_sentences() -> None:
    for error in (OhxError("something happened"), NoKeyring("no store"), StoreEnvironment("full")):
        message = message_of(error)
        assert message.what[0].isupper()
        assert message.rest.count(". ") >= 1
        assert message.rest.endswith(".")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(45, "45 s"), (-3720, "1 h 2 min"), (3600, "1 h"), (119, "1 min"), (200000, "2 d")],
)
def test_a_length_of_time_has_two_units_at_most(seconds: int, text: str) -> None:
    assert length_text(timedelta(seconds=seconds)) == text


def test_a_weight_stands_large_and_what_belongs_to_it_beside() -> None:
    weight = Quantity(kind=QuantityKind.BODY_WEIGHT, value=Decimal("79.95"), unit=Unit.KILOGRAM)
    fat = Quantity(kind=QuantityKind.BODY_FAT_PERCENTAGE, value=Decimal("22.3"), unit=Unit.PERCENT)
    reading = replace(scenes.READING, quantities=(weight, fat))
    assert [(tile.figures, tile.unit) for tile in tiles(reading)] == [("79.95", "kg")]
    assert other_facts(reading) == ("Body fat 22.3 %",)
