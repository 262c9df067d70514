"""Versioned resources in memory. No I/O; nothing outlives the process.

All changes go through a draft: they become visible together when its block ends, or not at all.

    with store.draft() as draft:
        draft.write("Patient", draft.new_id("Patient"), resource)

The store may be used from several threads: a draft holds the lock until its block ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import RLock
from typing import Protocol

from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.virtual.ehr.fhir_json import Resource, dumps, elements

# Server-assigned ids start here, well apart from the ids of the invented records.
FIRST_ID = 1001


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a resource. `resource` carries id and meta; treat it as read-only."""

    type: str
    id: str
    number: int
    updated: datetime
    resource: Resource

    @property
    def reference(self) -> str:
        """The FHIR reference, such as "Patient/4711"."""
        return f"{self.type}/{self.id}"

    @property
    def location(self) -> str:
        """The address of this very version, relative to the base."""
        return f"{self.reference}/_history/{self.number}"

    @property
    def etag(self) -> str:
        """The weak ETag that FHIR uses for a version."""
        return f'W/"{self.number}"'


class Reader(Protocol):
    """What search and validation need of a store or a draft."""

    def read(self, type_: str, id_: str) -> Version | None:
        """Return the current version, or None."""

    def versions(self, type_: str) -> Iterator[Version]:
        """Yield the current version of every resource of this type, oldest resource first."""

    def identified(self, type_: str, value: str) -> Iterator[Version]:
        """Yield every current version with this identifier value, and perhaps some without."""


class Store:
    """All resources with their history. `now` stamps meta.lastUpdated."""

    def __init__(self, *, now: Now = system_now) -> None:
        self._now = now
        self._lock = RLock()
        self._histories: dict[str, dict[str, list[Version]]] = {}
        # Ids of resources that have or once had an identifier value: every conditional create
        # asks for one, and looking through thousands of readings each time would be slow.
        self._ids_by_identifier: dict[tuple[str, str], dict[str, None]] = {}
        self._next_id = FIRST_ID

    @contextmanager
    def draft(self) -> Iterator["Draft"]:
        """Open a set of changes; they take effect together unless the block raises."""
        with self._lock:
            draft = Draft(self, self._now())
            yield draft
            for version in draft.changes:
                self._add(version)

    def read(self, type_: str, id_: str) -> Version | None:
        """Return the current version, or None."""
        with self._lock:
            history = self._histories.get(type_, {}).get(id_)
            return history[-1] if history else None

    def read_version(self, type_: str, id_: str, number: int) -> Version | None:
        """Return this version, or None."""
        with self._lock:
            history = self._histories.get(type_, {}).get(id_, [])
            return history[number - 1] if 0 < number <= len(history) else None

    def versions(self, type_: str) -> Iterator[Version]:
        """Yield the current version of every resource of this type, oldest resource first."""
        with self._lock:
            return iter([history[-1] for history in self._histories.get(type_, {}).values()])

    def identified(self, type_: str, value: str) -> Iterator[Version]:
        """Yield every current version with this identifier value, and perhaps some without."""
        with self._lock:
            ids = self._ids_by_identifier.get((type_, value), {})
            return iter([self._histories[type_][id_][-1] for id_ in ids])

    def count(self, type_: str) -> int:
        """Return how many resources of this type are stored."""
        with self._lock:
            return len(self._histories.get(type_, {}))

    def types(self) -> list[str]:
        """Return the types of which something is stored, sorted."""
        with self._lock:
            return sorted(self._histories)

    def _add(self, version: Version) -> None:
        history = self._histories.setdefault(version.type, {})
        history.setdefault(version.id, []).append(version)
        for value in elements(version.resource, "identifier.value"):
            ids = self._ids_by_identifier.setdefault((version.type, str(value)), {})
            ids[version.id] = None

    def _take_id(self, type_: str) -> str:
        while True:
            taken = str(self._next_id)
            self._next_id += 1
            if taken not in self._histories.get(type_, {}):
                return taken


class Draft:
    """Changes not yet visible to others, on top of the store. Made by Store.draft."""

    def __init__(self, store: Store, moment: datetime) -> None:
        self._store = store
        self._moment = moment
        self._changes: dict[tuple[str, str], Version] = {}

    @property
    def changes(self) -> tuple[Version, ...]:
        """The versions this draft would add, in the order they were written."""
        return tuple(self._changes.values())

    def discard(self) -> None:
        """Forget all changes of this draft."""
        self._changes.clear()

    def new_id(self, type_: str) -> str:
        """Return an id that no resource of this type has."""
        return self._store._take_id(type_)  # noqa: SLF001 - Store and Draft are one thing

    def read(self, type_: str, id_: str) -> Version | None:
        """Return the current version as this draft sees it, or None."""
        return self._changes.get((type_, id_)) or self._store.read(type_, id_)

    def versions(self, type_: str) -> Iterator[Version]:
        """Yield the current versions of this type as this draft sees them."""
        return self._overlaid(type_, self._store.versions(type_))

    def identified(self, type_: str, value: str) -> Iterator[Version]:
        """Yield every current version with this identifier value, and perhaps some without."""
        return self._overlaid(type_, self._store.identified(type_, value))

    def _overlaid(self, type_: str, stored: Iterator[Version]) -> Iterator[Version]:
        """Yield what is stored, then what this draft adds or changes."""
        for version in stored:
            if (type_, version.id) not in self._changes:
                yield version
        for change in self._changes.values():
            if change.type == type_:
                yield change

    def write(self, type_: str, id_: str, resource: Resource) -> Version:
        """Add a version with this content and return it.

        Content that is already current, digit for digit, makes no new version: the current one
        is returned.
        """
        current = self.read(type_, id_)
        if current is not None and _content(current.resource) == _content(resource | {"id": id_}):
            return current
        number = 1 if current is None else current.number + 1
        stamped = {
            "resourceType": type_,
            "id": id_,
            "meta": {
                **resource.get("meta", {}),
                "versionId": str(number),
                "lastUpdated": _instant(self._moment),
            },
        }
        version = Version(
            type=type_,
            id=id_,
            number=number,
            updated=self._moment,
            resource=stamped | {k: v for k, v in resource.items() if k not in stamped},
        )
        self._changes[type_, id_] = version
        return version


def _content(resource: Resource) -> str:
    """Return what the author said, in a form that compares digit for digit."""
    meta = {
        key: value
        for key, value in resource.get("meta", {}).items()
        if key not in {"versionId", "lastUpdated"}
    }
    return dumps(resource | {"meta": meta}, sort_keys=True)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
