"""Which streams of an account a link may read: those whose scope the patient granted. Pure."""

from ohx_desktop.cloud.google_health import client as google
from ohx_desktop.cloud.google_health.data_types import (
    ACTIVITY_SCOPE,
    DATA_TYPES,
    MEASUREMENTS_SCOPE,
    SLEEP_SCOPE,
)
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.withings import scope_names as withings
from ohx_desktop.cloud.withings.client import Stream

_NEEDS: dict[Provider, dict[str, str]] = {
    Provider.WITHINGS: {
        Stream.MEASURES: withings.METRICS_SCOPE,
        Stream.SLEEP: withings.ACTIVITY_SCOPE,
        Stream.STEPS: withings.ACTIVITY_SCOPE,
    },
    Provider.GOOGLE_HEALTH: {
        **dict.fromkeys(DATA_TYPES, MEASUREMENTS_SCOPE),
        google.SLEEP: SLEEP_SCOPE,
        google.STEPS: ACTIVITY_SCOPE,
    },
}


def readable(
    provider: Provider, streams: tuple[str, ...], granted: frozenset[str]
) -> tuple[str, ...]:
    """Return those of the streams that the granted scopes open."""
    needs = _NEEDS[provider]
    return tuple(stream for stream in streams if needs[stream] in granted)
