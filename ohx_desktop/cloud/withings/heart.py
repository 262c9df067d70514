"""Recordings of `heart list`: that there is an ECG, and what the watch made of it. Pure.

No reading comes of it: the blood pressure in it is that of `getmeas` once more, and an ECG is no
quantity.

Source: Withings API, heart list.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from ohx_desktop.cloud.answers import Json
from ohx_desktop.cloud.errors import Malformed
from ohx_desktop.cloud.moments import from_unix
from ohx_desktop.cloud.numbers import integer, name
from ohx_desktop.cloud.withings.envelope import SERVICE
from ohx_desktop.cloud.withings.models import model_name


class EcgResult(IntEnum):
    """What the device concluded of a recording."""

    NEGATIVE = 0
    POSITIVE = 1
    INCONCLUSIVE = 2
    NO_SIGNAL = 3
    OTHER = 4
    NOISE = 5
    LOW_HEART_RATE = 6
    HIGH_HEART_RATE = 7
    INCONCLUSIVE_US = 8
    NEGATIVE_NORMAL_HEART_RATE = 9
    NEGATIVE_HIGH_HEART_RATE = 10
    POSITIVE_NORMAL_HEART_RATE = 11
    POSITIVE_HIGH_HEART_RATE = 12
    NO_DIAGNOSIS = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartRecording:
    """One recording. `signal_id` fetches the ECG, `result` is None where it has no known one."""

    measured_at: datetime
    device: str | None
    signal_id: str | None
    result: EcgResult | None


def decode_heart_list(body: Json, *, now: datetime) -> tuple[HeartRecording, ...]:
    """Return the recordings of a page that say when they were made. Raises Malformed."""
    series = body.get("series")
    if not isinstance(series, list):
        raise Malformed(SERVICE)
    found = [_recording(each, now) for each in series]
    return tuple(recording for recording in found if recording)


def _recording(told: object, now: datetime) -> HeartRecording | None:
    if not isinstance(told, dict):
        raise Malformed(SERVICE)
    instant, ecg = from_unix(integer(told.get("timestamp")), now=now), told.get("ecg")
    if instant is None:
        return None
    ecg = ecg if isinstance(ecg, dict) else {}
    result = integer(ecg.get("afib"))
    return HeartRecording(
        measured_at=instant,
        device=model_name(None, told.get("model")),
        signal_id=name(ecg.get("signalid")),
        result=EcgResult(result) if result in set(EcgResult) else None,
    )
