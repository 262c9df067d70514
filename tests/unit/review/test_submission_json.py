"""What the queue keeps is the submission whole, and nothing else gets in."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from ohx_desktop.domain.device import ClockTrust, DeviceClock
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import QuantityKind, Unit, pressure
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.review.circumstances import BodyPosition, BodySite, Circumstances, CuffSize
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


def test_circumstances_and_members_come_back_whole() -> None:
    noted = Circumstances(
        position=BodyPosition.SITTING,
        site=BodySite.LEFT_WRIST,
        cuff_size=CuffSize.ADULT,
        method="Oscillometry",
    )
    mean = replace(READING, sequence=3, flags=frozenset({Flag.MEASUREMENT_AVERAGED}))
    members = (replace(READING, sequence=1), replace(READING, sequence=2))
    context = a_submission(encounter="Encounter/1", based_on="ServiceRequest/2")
    whole = replace(context, reading=mean, circumstances=noted, members=members)
    assert decode_submission(encode_submission(whole)) == whole


def test_what_an_earlier_version_queued_is_read_as_it_was() -> None:
    form = json.loads(encode_submission(a_submission()))
    del form["circumstances"], form["members"], form["based_on"]
    assert decode_submission(json.dumps(form).encode()) == a_submission()


def test_only_a_mean_has_members_and_each_of_them_once() -> None:
    mean = replace(READING, flags=frozenset({Flag.MEASUREMENT_AVERAGED}))
    with pytest.raises(ValueError, match="only a mean"):
        replace(a_submission(), members=(replace(READING, sequence=1),))
    with pytest.raises(ValueError, match="different"):
        replace(a_submission(), reading=mean, members=(mean,))


@pytest.mark.parametrize("method", ["", "  ", "a\nb"])
def test_a_method_says_something(method: str) -> None:
    with pytest.raises(ValueError, match="words"):
        Circumstances(method=method)


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
        {"based_on": "Encounter/1"},
        {"based_on": "ServiceRequest/a b"},
    ],
)
def test_a_reference_of_another_form_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="/ID"):
        a_submission(**changes)
