"""What the queue keeps is the submission whole, and nothing else gets in."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from ohx_desktop.domain.device import ClockTrust, DeviceClock
from ohx_desktop.domain.quantity import QuantityKind, Unit, pressure
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.review.submission import Gateway, Submission
from ohx_desktop.review.submission_json import decode_submission, encode_submission

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
READING = Reading(
    source=Source.BLUETOOTH,
    device=None,
    measured_at=NOON,
    received_at=NOON,
    clock=DeviceClock(trust=ClockTrust.DEVICE),
    quantities=(pressure(QuantityKind.SYSTOLIC_BLOOD_PRESSURE, Decimal("16.0"), Unit.KILOPASCAL),),
)


def a_submission(**changes: str | None) -> Submission:
    form: dict[str, str | None] = {
        "patient": "Patient/4711",
        "performer": "Practitioner/12",
        "verifier": "Practitioner/12",
    }
    return Submission(
        reading=READING,
        confirmed_at=NOON,
        gateway=Gateway(installation=UUID(int=7), station="Room 2", version="1"),
        **(form | changes),  # type: ignore[arg-type] # the point of some tests is a wrong form
    )


def test_a_submission_comes_back_whole() -> None:
    assert decode_submission(encode_submission(a_submission())) == a_submission()


@pytest.mark.parametrize(
    "changes",
    [
        {"patient": "Practitioner/12"},
        {"patient": "Patient/"},
        {"patient": "Patient/a/b"},
        {"patient": "Patient/a?b"},
        {"patient": "4711"},
        {"performer": "Device/1"},
        {"verifier": "Practitioner/x y"},
        {"encounter": "Patient/1"},
    ],
)
def test_a_reference_of_another_form_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="/ID"):
        a_submission(**changes)
