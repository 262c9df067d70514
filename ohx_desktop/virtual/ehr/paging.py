"""Search results in pages (R5, RESTful API, Paging).

A next link carries an opaque token instead of the criteria: names and identifiers that were sent
in the body of POST _search must not come back in an address.
"""

from collections import OrderedDict
from collections.abc import Sequence
from secrets import token_urlsafe
from threading import Lock

from ohx_desktop.virtual.ehr.fhir_json import Resource
from ohx_desktop.virtual.ehr.outcome import IssueCode, refusal
from ohx_desktop.virtual.ehr.store import Version

DEFAULT_COUNT = 20
MAXIMUM_COUNT = 100
# Results that nobody paged through are forgotten, oldest first.
REMEMBERED_RESULTS = 64
PAGE_PARAMETER = "_page"


class Pages:
    """Remembers the rest of each search result by token."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rest: OrderedDict[str, tuple[list[Version], int, int]] = OrderedDict()

    def first(self, address: str, found: Sequence[Version], count: int, base: str) -> Resource:
        """Return the first page; `address` is the search as asked, `base` the server's."""
        return self._page(address, list(found), count, len(found), base)

    def next(self, address: str, token: str, base: str) -> Resource:
        """Return the page that a next link leads to. Raises Refusal (410) when it is forgotten."""
        with self._lock:
            remembered = self._rest.get(token)
        if remembered is None:
            raise refusal(410, IssueCode.EXPIRED, "This page is no longer known; search again")
        rest, count, total = remembered
        return self._page(address, rest, count, total, base)

    def _page(
        self, address: str, found: list[Version], count: int, total: int, base: str
    ) -> Resource:
        shown, rest = found[:count], found[count:]
        links = [{"relation": "self", "url": address}]
        if rest and count:
            token = token_urlsafe(16)
            with self._lock:
                self._rest[token] = rest, count, total
                while len(self._rest) > REMEMBERED_RESULTS:
                    self._rest.popitem(last=False)
            links.append({"relation": "next", "url": f"{base}?{PAGE_PARAMETER}={token}"})
        bundle: Resource = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": total,
            "link": links,
        }
        if shown:
            bundle["entry"] = [
                {
                    "fullUrl": f"{base}/{version.reference}",
                    "resource": version.resource,
                    "search": {"mode": "match"},
                }
                for version in shown
            ]
        return bundle
