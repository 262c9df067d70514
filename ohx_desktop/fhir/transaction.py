"""The answer to a transaction, read with suspicion: only a whole and fitting one is a success.

Source: FHIR R5 http, transaction-response.
"""

import re
from dataclasses import dataclass

from ohx_desktop.fhir.encoding import Json, encode
from ohx_desktop.fhir.outcome import error_for_response, not_fhir, resource_in, warnings_in
from ohx_desktop.fhir.reference import reference_of
from ohx_desktop.transport import HttpResponse

_STATUS = re.compile(r"\d{3}(?= |$)")
_LOCATION = re.compile(r"(?:^|/)([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?$")
_CREATED = 201


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryOutcome:
    """What became of one entry. `reference` (Type/ID) is None where the EHR does not tell it.

    `created` is False where the resource was already there.
    """

    resource_type: str
    reference: str | None
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionOutcome:
    """What became of a transaction, entry by entry in the order sent. `hints` are warnings.

    `main` is the entry of the Observation that stands for the reading.
    """

    entries: tuple[EntryOutcome, ...]
    main: int
    hints: tuple[str, ...] = ()

    @property
    def main_reference(self) -> str | None:
        """The reference of the Observation that stands for the reading."""
        return self.entries[self.main].reference

    @property
    def created(self) -> bool:
        """True when an Observation is new, False when all of them were already there."""
        return any(e.created for e in self.entries if e.resource_type == "Observation")


def transaction_outcome(sent: Json, response: HttpResponse) -> TransactionOutcome:
    """Return what a 2xx answer says of the transaction `sent`.

    Raises Transient for what is not a transaction-response with an entry for each entry sent, and
    what `error_for_response` gives for an entry that has failed all the same.
    """
    answer = resource_in(response)
    entries = answer.get("entry")
    fits = answer["resourceType"] == "Bundle" and answer.get("type") == "transaction-response"
    if not fits or not isinstance(entries, list) or len(entries) != len(sent["entry"]):
        raise not_fhir(response)
    outcomes: list[EntryOutcome] = []
    hints: list[str] = []
    for asked, entry in zip(sent["entry"], entries, strict=True):
        said = entry.get("response") if isinstance(entry, dict) else None
        if not isinstance(said, dict):
            raise not_fhir(response)
        outcomes.append(_entry_outcome(asked["resource"], said, entry.get("resource"), response))
        if isinstance(said.get("outcome"), dict):
            hints += warnings_in(said["outcome"], sent)
    return TransactionOutcome(entries=tuple(outcomes), main=main_entry(sent), hints=tuple(hints))


def main_entry(sent: Json) -> int:
    """Return the position of the first Observation that no other one is derived from."""
    observations = [
        (position, entry)
        for position, entry in enumerate(sent["entry"])
        if entry["resource"]["resourceType"] == "Observation"
    ]
    members = {
        source["reference"]
        for _, entry in observations
        for source in entry["resource"].get("derivedFrom", [])
    }
    return next(position for position, entry in observations if entry["fullUrl"] not in members)


def reference_in(location: object) -> str | None:
    """Return Type/ID of a `location`, whatever base and version it names, or None."""
    found = _LOCATION.search(location) if isinstance(location, str) else None
    return found[1] if found else None


def _entry_outcome(
    resource: Json, said: Json, stored: object, response: HttpResponse
) -> EntryOutcome:
    found = _STATUS.match(str(said.get("status", "")))
    if not found:
        raise not_fhir(response)
    status = int(found[0])
    if not 200 <= status < 300:  # noqa: PLR2004 - success as HTTP defines it
        outcome = said.get("outcome")
        body = encode(outcome) if isinstance(outcome, dict) else b""
        raise error_for_response(HttpResponse(status=status, headers={}, body=body))
    resource_type = resource["resourceType"]
    reference = reference_in(said.get("location"))
    if reference is None and isinstance(stored, dict):
        reference = reference_of(stored)
    if reference is not None and not reference.startswith(f"{resource_type}/"):
        raise not_fhir(response)
    return EntryOutcome(
        resource_type=resource_type, reference=reference, created=status == _CREATED
    )
