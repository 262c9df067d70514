"""The sample exchanges with the cloud services, and what this program makes of their answers.

Readings are told in the form of the index: one row for each value, so that a difference shows as
one. Where the product names a kind or a code otherwise, the tables here say so.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ohx_desktop.cloud.records import CloudRecord, Origin, Owner, Skipped
from ohx_desktop.domain.quantity import QuantityKind, Unit
from ohx_desktop.domain.reading import Source
from ohx_desktop.fhir.mapping.quantity_codes import QUANTITY_CODES

FOLDER = Path(__file__).parents[2] / "vectors" / "cloud"
# Some days after the newest sample.
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
Json = dict[str, Any]

_K = QuantityKind
KINDS = {
    "weight": _K.BODY_WEIGHT,
    "height": _K.BODY_HEIGHT,
    "fat_free_mass": _K.LEAN_MASS,
    "systolic": _K.SYSTOLIC_BLOOD_PRESSURE,
    "diastolic": _K.DIASTOLIC_BLOOD_PRESSURE,
    "pulse": _K.PULSE_RATE,
    "heart_rate": _K.PULSE_RATE,
    "spo2": _K.OXYGEN_SATURATION,
    "spo2_daily_average": _K.OXYGEN_SATURATION_DAILY_AVERAGE,
    "steps": _K.STEP_COUNT,
    "sleep_deep": _K.DEEP_SLEEP_DURATION,
    "sleep_light": _K.LIGHT_SLEEP_DURATION,
    "sleep_rem": _K.REM_SLEEP_DURATION,
}
# Chosen for all sources: see the comments of QUANTITY_CODES. Steps of a day are those of a period.
OTHER_CODES = {
    _K.OXYGEN_SATURATION: "2708-6",
    _K.BONE_MASS: "101685-6",
    _K.PULSE_WAVE_VELOCITY: None,
    _K.RESTING_HEART_RATE: None,
    _K.STEP_COUNT: "55423-8",
}
UNITS = {"{steps}/d": Unit.ONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleAnswer:
    """An answer of a sample."""

    status: int
    headers: dict[str, str]
    body: bytes


INDEX: list[Json] = json.loads((FOLDER / "index.json").read_bytes())
SAMPLES: dict[str, Json] = {sample["name"]: sample for sample in INDEX}


def answer_of(name: str) -> SampleAnswer:
    """Return the answer of a sample."""
    told = SAMPLES[name]["response"]
    body = (
        (FOLDER / told["body_file"]).read_bytes()
        if "body_file" in told
        else told["body_text"].encode()
    )
    return SampleAnswer(status=told["status"], headers=told["headers"], body=body)


def body_text(name: str) -> Any:
    """Return the JSON of a sample's body."""
    return json.loads(answer_of(name).body)


def expected_rows(name: str) -> list[Json]:
    """Return the readings that the index expects, in the product's kinds, codes and units."""
    rows = []
    for told in SAMPLES[name]["expected"]["readings"]:
        kind = KINDS.get(told["kind"]) or QuantityKind(told["kind"])
        code = OTHER_CODES.get(kind, told["loinc"])
        unit = UNITS.get(told["unit"], told["unit"])
        rows.append(told | {"kind": kind, "loinc": code, "unit": Unit(unit)})
    return rows


def rows_of(records: Iterable[CloudRecord]) -> list[Json]:
    """Return the values of records in the form of the index, by way of their Readings."""
    rows = []
    for record in records:
        reading = record.reading(NOW)
        assert reading.source in {Source.WITHINGS, Source.GOOGLE_HEALTH}
        for value, told in zip(record.values, reading.quantities, strict=True):
            # A Reading has whole minutes of sleep; the index has the service's seconds.
            is_seconds = told.original is not None and told.original.unit is Unit.SECOND
            quantity = value.quantity if is_seconds else told
            code = QUANTITY_CODES[quantity.kind]
            codes = [each for each, _ in (*code.loinc, *code.by_unit.values())]
            rows.append(
                {
                    "kind": quantity.kind,
                    "value": f"{quantity.value:f}",
                    "unit": quantity.unit,
                    "loinc": codes[0] if codes else None,
                    "effective": _effective(record, _utc),
                    "effective_local": None
                    if record.when.day or not record.when.is_local
                    else _effective(record, datetime.isoformat),
                    "origin": Origin(record.origin).value,
                    "owner": Owner(record.owner).value,
                    "group": record.group,
                    "id": value.id,
                    "device": reading.device.model if reading.device else None,
                }
            )
    return rows


def skipped_rows(skipped: Iterable[Skipped], source: str) -> list[Json]:
    """Return what was left out in the form of the index."""
    if source == "withings":
        return [
            {"group": one.key, "type": int(one.part) if one.part else None, "reason": one.reason}
            for one in skipped
        ]
    return [{"id": one.key, "reason": one.reason} for one in skipped]


def _effective(record: CloudRecord, text: Any) -> Any:
    when = record.when
    if when.day is not None:
        assert isinstance(when.day, date)
        return when.day.isoformat()
    if when.start is not None:
        return {"start": text(when.start), "end": text(when.at)}
    return text(when.at)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
