"""What is asked of a patient's account, and what is missing where not all of it was granted. Pure.

Source: Withings developer guide, scopes; Google Health API v4, scopes.
"""

from enum import StrEnum
from typing import NamedTuple

from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.withings.scope_names import ACTIVITY_SCOPE, INFO_SCOPE, METRICS_SCOPE


class Opens(StrEnum):
    """What a scope opens, as staff know it."""

    MEASUREMENTS = "measurements"
    """Weight, blood pressure, temperature, oxygen and their kin: without it there is no link."""
    SLEEP = "sleep"
    STEPS = "steps"
    SLEEP_AND_STEPS = "sleep-and-steps"
    DEVICES = "devices"
    """Names of devices and the time zone; readings come without it."""


class Scope(NamedTuple):
    """A scope and what it opens."""

    name: str
    opens: Opens


_GOOGLE = "https://www.googleapis.com/auth/googlehealth."
_SCOPES = {
    Provider.WITHINGS: (
        Scope(METRICS_SCOPE, Opens.MEASUREMENTS),
        Scope(INFO_SCOPE, Opens.DEVICES),
        Scope(ACTIVITY_SCOPE, Opens.SLEEP_AND_STEPS),
    ),
    Provider.GOOGLE_HEALTH: (
        Scope(f"{_GOOGLE}health_metrics_and_measurements.readonly", Opens.MEASUREMENTS),
        Scope(f"{_GOOGLE}settings.readonly", Opens.DEVICES),
        Scope(f"{_GOOGLE}sleep.readonly", Opens.SLEEP),
        Scope(f"{_GOOGLE}activity_and_fitness.readonly", Opens.STEPS),
    ),
}
_ALWAYS = frozenset({Opens.MEASUREMENTS, Opens.DEVICES})


def wanted(provider: Provider, *, with_activity: bool) -> tuple[Scope, ...]:
    """Return what is asked for; sleep and steps only with `with_activity`."""
    return tuple(scope for scope in _SCOPES[provider] if with_activity or scope.opens in _ALWAYS)


def scope_text(provider: Provider, *, with_activity: bool) -> str:
    """Return what is asked for as the provider takes it: Withings wants commas."""
    separator = "," if provider is Provider.WITHINGS else " "
    return separator.join(scope.name for scope in wanted(provider, with_activity=with_activity))


def missing(
    provider: Provider, granted: frozenset[str], *, with_activity: bool
) -> tuple[Opens, ...]:
    """Return what the patient did not grant of what was asked for."""
    asked = wanted(provider, with_activity=with_activity)
    return tuple(scope.opens for scope in asked if scope.name not in granted)
