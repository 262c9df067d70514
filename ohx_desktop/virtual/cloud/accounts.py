"""Accounts of invented people at the virtual services, and what they measured."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

Json = dict[str, Any]

_SCALE = {"deviceid": "5ca1e0", "modelid": 18, "model": "Body Comp"}
_CUFF = {"deviceid": "c0ff", "modelid": 45, "model": "BPM Connect"}
_NOBODY = {"deviceid": None, "modelid": None, "model": None}
_FIRST_GROUP = 61_200_000_001


@dataclass(slots=True, kw_only=True)
class Account:
    """One account at one service.

    `groups`, `nights`, `days` and `recordings` are what Withings would send, `points` what Google
    would, by type and newest first. `has_health` is false for a Google account that no device was
    ever used with.
    """

    user_id: str
    zone: str = "Europe/Berlin"
    has_health: bool = True
    groups: list[Json] = field(default_factory=list)
    nights: list[Json] = field(default_factory=list)
    days: list[Json] = field(default_factory=list)
    recordings: list[Json] = field(default_factory=list)
    devices: list[Json] = field(default_factory=list)
    points: dict[str, list[Json]] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    _numbers: Iterable[int] = field(default_factory=lambda: count(_FIRST_GROUP))

    def weigh(self, at_s: int, grams: int, *, attrib: int = 0) -> Json:
        """Add a weighing at Withings and return its group."""
        device = _NOBODY if attrib in {2, 4} else _SCALE
        return self._group(at_s, attrib, device, (1, grams, -3))

    def press(self, at_s: int, systolic: int, diastolic: int, pulse: int) -> Json:
        """Add a blood pressure at Withings and return its group."""
        return self._group(at_s, 0, _CUFF, (9, diastolic, 0), (10, systolic, 0), (11, pulse, 0))

    def weigh_at_google(self, when: str, grams: int, *, method: str = "PASSIVELY_MEASURED") -> Json:
        """Add a weighing at Google; `when` is RFC 3339 in UTC. Return its point."""
        number = next(iter(self._numbers))
        point = {
            "name": f"users/{self.user_id}/dataTypes/weight/dataPoints/{number}",
            "dataSource": {
                "recordingMethod": method,
                "platform": "FITBIT",
                "device": {"formFactor": "SCALE", "manufacturer": "Fitbit"}
                | {"displayName": "Aria Air"},
            },
            "weight": {
                "sampleTime": {"physicalTime": when, "utcOffset": "3600s"},
                "weightGrams": grams,
            },
        }
        points = self.points.setdefault("weight", [])
        points.append(point)
        points.sort(key=lambda each: str(each["weight"]["sampleTime"]), reverse=True)
        return point

    def _group(self, at_s: int, attrib: int, device: Json, *measures: tuple[int, int, int]) -> Json:
        group = {
            "grpid": next(iter(self._numbers)),
            "attrib": attrib,
            "date": at_s,
            "created": at_s + 9,
            "modified": at_s + 9,
            "category": 1,
            **device,
            "measures": [
                {"type": kind, "value": value, "unit": unit, "algo": 0, "fm": 3}
                for kind, value, unit in measures
            ],
        }
        self.groups.insert(0, group)
        return group


class Accounts:
    """The accounts of one service. Whoever signs in next is `at_the_browser`."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._by_id = {account.user_id: account for account in accounts}
        self.at_the_browser = next(iter(self._by_id))

    def __getitem__(self, user_id: str) -> Account:
        return self._by_id[user_id]

    @property
    def all(self) -> tuple[Account, ...]:
        """Every account."""
        return tuple(self._by_id.values())
