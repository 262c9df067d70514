"""Named scenes for the bench: a cuff, what it remembers, what it measures, what goes wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.profiles import (
    BEURER_BM54,
    GENERIC_CUFF,
    OMRON_HEM_7155T,
    OMRON_HEM_7322T,
    CuffProfile,
)
from ohx_desktop.virtual.room import Adapter, VirtualRoom

ADDRESS = "00:5F:BF:12:34:56"
PASSKEY = 314159

Values = tuple[int, int, int]
"""Systolic and diastolic in mmHg, pulse in beats a minute."""

BACKLOG: tuple[tuple[Values, timedelta], ...] = (
    ((141, 93, 80), timedelta(days=2, hours=3)),
    ((135, 88, 77), timedelta(days=1, hours=2)),
    ((133, 86, 74), timedelta(hours=9)),
)
"""Readings of earlier days, which must not be filed for the person who sits there now."""

_NO_FAULTS = Faults()
_QUICK_PACE_S = 0.8
"""The bench shortens the devices' own pause before they hang up, and a measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One scene. The measurement is taken some time after a program begins to scan."""

    profile: CuffProfile
    backlog: tuple[tuple[Values, timedelta], ...] = BACKLOG
    measurement: Values | None = (128, 82, 71)
    measure_after_s: float = 1.2
    is_bonded: bool = True
    clock_offset: timedelta = timedelta()
    clock_is_set: bool = True
    link_timeout_s: float = 60.0
    adapter: Adapter = Adapter.ON
    faults: Faults = _NO_FAULTS

    def furnish(self) -> tuple[VirtualRoom, Cuff]:
        """Make the room and the cuff in it."""
        clock = CuffClock(
            offset=self.clock_offset,
            started_at=None if self.clock_is_set else self.profile.factory_time,
        )
        pace = replace(
            self.profile.pace,
            quiet_s=min(self.profile.pace.quiet_s, _QUICK_PACE_S),
            link_timeout_s=self.link_timeout_s,
            measuring_s=min(self.profile.pace.measuring_s, _QUICK_PACE_S),
        )
        cuff = Cuff(
            self.profile,
            address=ADDRESS,
            clock=clock,
            pace=pace,
            faults=self.faults,
            passkey=PASSKEY,
        )
        for values, ago in self.backlog:
            cuff.remember(*values, ago=ago)
        room = VirtualRoom()
        room.add(cuff)
        room.adapter = self.adapter
        if self.is_bonded:
            room.bond(cuff)
        return room, cuff


_OMRON = Scenario(profile=OMRON_HEM_7155T)
_BEURER = Scenario(profile=BEURER_BM54)

SCENARIOS: Mapping[str, Scenario] = {
    "omron": _OMRON,
    "omron-no-clock-service": Scenario(profile=OMRON_HEM_7322T),
    "omron-unpaired": replace(_OMRON, is_bonded=False),
    "beurer": _BEURER,
    "beurer-unpaired": replace(_BEURER, is_bonded=False),
    "generic": Scenario(profile=GENERIC_CUFF, is_bonded=False),
    "new-only": replace(_OMRON, backlog=()),
    "backlog-only": replace(_OMRON, measurement=None),
    "clock-wrong": replace(_OMRON, clock_offset=timedelta(hours=-1)),
    "clock-never-set": replace(_OMRON, clock_is_set=False),
    "failed-measurement": replace(_OMRON, faults=Faults(failed_measurement=True)),
    "truncated": replace(_OMRON, backlog=(), faults=Faults(truncated_indication=0)),
    "malformed": replace(_OMRON, backlog=(), faults=Faults(malformed_indication=0)),
    "duplicated": replace(_OMRON, backlog=(), faults=Faults(duplicated_indication=0)),
    "link-lost": replace(_OMRON, faults=Faults(lose_link_mid_transfer=True)),
    "link-lost-once": replace(_OMRON, faults=Faults(lose_link_mid_transfer=True, connections=1)),
    "silent": replace(_OMRON, link_timeout_s=3.0, faults=Faults(silent=True)),
    "connect-refused-twice": replace(_OMRON, faults=Faults(refuse_connections=2)),
    "pairing-refused": replace(_OMRON, is_bonded=False, faults=Faults(refuse_pairing=True)),
    "bond-forgotten": replace(_OMRON, faults=Faults(bond_forgotten=True)),
    "adapter-off": replace(_OMRON, adapter=Adapter.OFF),
    "no-adapter": replace(_OMRON, adapter=Adapter.MISSING),
}
