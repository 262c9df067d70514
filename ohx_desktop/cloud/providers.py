"""The providers of cloud accounts. Pure."""

from enum import StrEnum


class Provider(StrEnum):
    """A provider, as settings and the command line name it."""

    WITHINGS = "withings"
    GOOGLE_HEALTH = "google_health"
    FITBIT = "fitbit"
    """Gone since 2026-11-02: a link to it is told so and never asked."""

    @property
    def service(self) -> str:
        """What people call it."""
        return _SERVICES[self]


_SERVICES = {
    Provider.WITHINGS: "Withings",
    Provider.GOOGLE_HEALTH: "Google Health",
    Provider.FITBIT: "Fitbit",
}
