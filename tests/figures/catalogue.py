"""Every family of virtual devices, taken from the bench's scenarios: a new role joins by itself."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from ohx_desktop.virtual.cast import OMRON_KEY, Actor
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.room import Adapter
from ohx_desktop.virtual.scenarios import SCENARIOS, Scenario


def _is_plain(scenario: Scenario) -> bool:
    """Tell whether nothing is wrong with a scene but what its device is."""
    return (
        scenario.measures
        and not scenario.starts_pairing
        and scenario.faults == Faults()
        and scenario.adapter is Adapter.ON
        and scenario.clock_is_set
        and scenario.clock_offset == timedelta()
    )


def _families() -> dict[str, Scenario]:
    """Return the first plain scene of each role."""
    found: dict[int, tuple[str, Scenario]] = {}
    for name, scenario in SCENARIOS.items():
        if _is_plain(scenario):
            found.setdefault(id(scenario.role), (name, replace(scenario, has_backlog=True)))
    return dict(found.values())


FAMILIES: Mapping[str, Scenario] = _families()


def kept_secret(actor: Actor) -> str:
    """Return what an earlier enrolment would have kept for a device."""
    facts = actor.facts
    if "consent_code" in facts:
        return f"{facts['user']}:{facts['consent_code']}"
    return OMRON_KEY.hex() if "key" in facts else ""
