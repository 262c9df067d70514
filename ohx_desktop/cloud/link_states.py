"""What the link between a patient and their account at a cloud service is worth. Pure.

Source: RFC 6749 section 5.2; what both vendors document of expiry, withdrawal and shutdown.
"""

from enum import StrEnum


class LinkState(StrEnum):
    """Whether readings come, and who has to act where they do not."""

    OK = "ok"
    NEEDS_CONSENT = "needs_consent"
    """The patient has to sign in again."""
    PROVIDER_GONE = "provider_gone"
    """The service has been shut down; another one may take its place."""
    SCOPE_MISSING = "scope_missing"
    """Some of what was asked for was not granted; the rest comes."""
    PAUSED = "paused"
    """Nothing is asked for a while, or until an administrator has changed something."""
