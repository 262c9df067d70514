"""Whether what a person was told is what the EHR has, after everything died and came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from job import Job, Measured
from telling import Told

from ohx_desktop.virtual.ehr.store import Store

_SYSTOLIC, _DIASTOLIC = "8480-6", "8462-4"
_PRESSURE, _PULSE = "85354-9", "8867-4"

Chart = list[tuple[str, tuple[int, ...]]]
"""The Observations of a patient: a code and its values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong; nothing of it may be."""

    lost: int = 0
    doubled: int = 0
    other: Sequence[str] = ()

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing is wrong."""
        return not (self.lost or self.doubled or self.other)


def judge(job: Job, before: Sequence[Told], after: Told, store: Store) -> Verdict:
    """Compare what the processes that died told, and the recovery, with the EHR."""
    # What was shown was kept before; the recovery's person found it in the tray and assigned it.
    words = ("saved", "shown", "tray")
    promised = {n for told in (*before, after) for word in words for n in told.numbers(word)}
    lost = doubled = 0
    other = _troubles(job, before, after)
    observations = 0
    for measured in (*job.waiting, job.live):
        chart = _chart(store, measured.patient)
        observations += len(chart)
        counts = [chart.count(one) for one in _expected(measured)]
        if set(chart) - set(_expected(measured)):
            other.append(f"the chart of {measured.patient} has what was not confirmed for it")
        if max(counts) > 1:
            doubled += 1
        elif min(counts) != max(counts):
            other.append("half a measurement is in the EHR")
        elif counts[0] == 0 and measured.systolic in promised:
            lost += 1
    doubled += len(after.codes("twice"))
    return Verdict(lost=lost, doubled=doubled, other=other)


def _troubles(job: Job, before: Sequence[Told], after: Told) -> list[str]:
    found = [f"a process failed with {told.code}" for told in before if told.code not in {0, -9}]
    if after.code != 0:
        found.append(f"the recovery failed with {after.code}")
    found += [f"a reading ended as {s}" for s in after.codes("state") if s != "verified"]
    if job.full_from is not None and not job.dies_full:
        (way, *_) = before
        if way.stage != "closed":
            found.append("with space again the way did not come to its end")
    return found


def _expected(measured: Measured) -> Chart:
    return [
        (_PRESSURE, (measured.systolic, measured.diastolic)),
        (_PULSE, (measured.pulse,)),
    ]


def _chart(store: Store, patient: str) -> Chart:
    versions = [one.resource for one in store.versions("Observation")]
    return [_summary(one) for one in versions if one["subject"]["reference"] == patient]


def _summary(observation: dict[str, Any]) -> tuple[str, tuple[int, ...]]:
    code = observation["code"]["coding"][0]["code"]
    if "valueQuantity" in observation:
        return code, (int(observation["valueQuantity"]["value"]),)
    parts = {
        part["code"]["coding"][0]["code"]: int(part["valueQuantity"]["value"])
        for part in observation["component"]
    }
    return code, (parts[_SYSTOLIC], parts[_DIASTOLIC])
