"""Captured bytes to Readings: all or nothing, and never more certain than they can be."""

from datetime import datetime

import pytest
from ble_encoding import blood_pressure

from ohx_desktop.ble.captured import decode_captured
from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.errors import DecodingError, MeasurementFailed, Truncated, Unsupported

NOW = datetime(2026, 11, 24, 12, 0).astimezone()
GOOD = blood_pressure(stamp=datetime(2026, 11, 24, 11, 0), pulse=71, user=1, status=4)


def test_a_capture_becomes_readings_of_the_model() -> None:
    (reading,) = decode_captured("BM54", None, [GOOD], received_at=NOW)
    assert reading.device is not None
    assert (reading.device.manufacturer, reading.device.model) == ("Beurer", "BM54")
    assert reading.device.address is None
    assert reading.clock.trust is ClockTrust.UNKNOWN
    assert reading.measured_at == datetime(2026, 11, 24, 11, 0).astimezone()
    assert reading.needs_display_check
    assert (reading.user_slot, sorted(reading.flags)) == (1, ["irregular_pulse"])


@pytest.mark.parametrize(
    "stamp", [datetime(2015, 1, 14), datetime(2026, 11, 24, 13, 0), bytes(7), None]
)
def test_a_time_that_cannot_be_is_not_told(stamp: datetime | bytes | None) -> None:
    (reading,) = decode_captured("generic", "2A35", [blood_pressure(stamp=stamp)], received_at=NOW)
    assert reading.measured_at is None


def test_one_bad_frame_refuses_all() -> None:
    with pytest.raises(Truncated):
        decode_captured("generic", "2A35", [GOOD, GOOD[:-1]], received_at=NOW)
    with pytest.raises(MeasurementFailed):
        decode_captured("generic", None, [blood_pressure(0), GOOD], received_at=NOW)


def test_a_frame_sent_twice_counts_once() -> None:
    assert len(decode_captured("generic", None, [GOOD, GOOD], received_at=NOW)) == 1


@pytest.mark.parametrize(
    ("model", "characteristic"),
    [
        ("generic", "2A36"),
        ("BM54", "2A9D"),
        ("generic", "nonsense"),
        ("BM59", "2A35"),
        ("HBF-222T", "2A35"),
        ("HEM-7361T", None),
    ],
)
def test_what_this_program_does_not_read_is_refused(model: str, characteristic: str | None) -> None:
    with pytest.raises(Unsupported):
        decode_captured(model, characteristic, [GOOD], received_at=NOW)


def test_an_eeprom_model_is_decoded_where_the_characteristic_is_named() -> None:
    (reading,) = decode_captured("HEM-7361T", "2A35", [GOOD], received_at=NOW)
    assert reading.device is not None
    assert reading.device.manufacturer == "OMRON"


@pytest.mark.parametrize("frame", [GOOD[:-1], GOOD + b"\x2a", blood_pressure(317, 82)])
def test_no_refusal_quotes_the_bytes_or_a_value(frame: bytes) -> None:
    with pytest.raises(DecodingError) as refused:
        decode_captured("generic", None, [frame], received_at=NOW)
    for secret in (frame.hex(), "317", "128", "0x"):
        assert secret not in str(refused.value)
