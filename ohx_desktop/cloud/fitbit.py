"""The Fitbit Web API, which ended on 2026-11-02: recognised, never called.

Fitbit's successor is the Google Health API; nothing of a Fitbit link carries over to it.
"""

from urllib.parse import urlsplit

from ohx_desktop.cloud.answers import Answer
from ohx_desktop.cloud.errors import ProviderGone

_HOSTS = frozenset({"api.fitbit.com", "www.fitbit.com"})


def is_legacy_address(url: str) -> bool:
    """Tell whether an address is one of the Fitbit Web API."""
    try:
        return (urlsplit(url).hostname or "") in _HOSTS
    except ValueError:
        return False


def legacy_error(answer: Answer | None = None) -> ProviderGone:
    """Return what any answer of the Fitbit Web API, or none at all, means: it is gone."""
    return ProviderGone("Fitbit", status=answer.status if answer else None)
