"""Carrying out an order to take a reading back, once or often with the same result.

The EHR is read first: what is marked already is done, what is gone needs nothing, and what is not
what was confirmed here is left for a person to look at. Each change holds for the version that was
read only, so nobody's edit in between is overwritten.

Source: FHIR R5 http (update, version-aware update, transaction).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from ohx_desktop.domain.errors import Misconfigured, Refused, Transient
from ohx_desktop.domain.look_up import Found, LookUp
from ohx_desktop.fhir import look_up
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping.retraction import (
    RetractionOrder,
    is_retracted,
    nullification,
    update_of,
)
from ohx_desktop.fhir.normal_form import Named
from ohx_desktop.fhir.one_by_one import Server as Storing
from ohx_desktop.fhir.one_by_one import store_entry
from ohx_desktop.fhir.plan import UploadPlan, Way, rendered
from ohx_desktop.fhir.proof import Finding, compare, names_in
from ohx_desktop.fhir.reference import reference_of

# Somebody changed, or removed, the Observation between our reading and our writing it.
_CHANGED_MEANWHILE = frozenset({404, 409, 410, 412})
# Each time it is read anew; whoever edits on and on is waited for by the queue.
_ROUNDS = 3
_STAYS = "nothing was changed; the reading stands in the EHR"
_BY_HAND = "mark the reading as entered in error in the EHR itself; then discard this entry"


class Server(look_up.Server, Storing, Protocol):
    """An EHR that can be searched and written to. Methods raise the RemoteError family."""

    async def transaction(self, bundle: Json) -> None:
        """Have all entries of a transaction carried out, or none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RetractionOutcome:
    """What became of an order. `created` is False where the EHR had it so already.

    `main_reference` is None where nothing of the reading is there any more.
    """

    main_reference: str | None
    created: bool


async def retract(
    server: Server, order: RetractionOrder, plan: UploadPlan, locations: Mapping[Named, str]
) -> RetractionOutcome:
    """Mark what the order stands for as entered in error; return once the EHR shows it so.

    Raises Refused where a person must look: the EHR holds something else under our names, has
    something twice, or lets this program change nothing.
    """
    changed = False
    for attempt in range(1, _ROUNDS + 1):
        findings = await found(server, order, locations)
        _require_ours(findings)
        present = [finding.stored for finding in findings if finding.stored is not None]
        live = [observation for observation in present if not is_retracted(observation)]
        try:
            if present:
                await _write(server, order, plan, present, live)
        except (Refused, Transient) as error:
            if error.status not in _CHANGED_MEANWHILE or attempt == _ROUNDS:
                raise
            continue
        changed = bool(live)
        await _check(server, live)
        break
    references = [reference for each in present if (reference := reference_of(each))]
    main = order.reference if order.reference in references else next(iter(references), None)
    return RetractionOutcome(main_reference=main, created=changed)


async def look_up_order(
    server: Server, order: RetractionOrder, locations: Mapping[Named, str]
) -> LookUp:
    """Return SAME where an order is carried out: all it stands for is marked, or gone."""
    findings = await found(server, order, locations)
    paths = tuple(
        f"Observation[{position}].status"
        for position, finding in enumerate(findings)
        if finding.found not in {Found.RETRACTED, Found.ABSENT}
    )
    return LookUp(
        found=Found.DIFFERENT if paths else Found.SAME, reference=order.reference, paths=paths
    )


async def found(
    server: look_up.Server, order: RetractionOrder, locations: Mapping[Named, str]
) -> list[Finding]:
    """Return what the EHR holds of the Observations that an order stands for."""
    names = names_in(order.proof)
    known = {name: locations[name] for name in names if name in locations}
    with _as_refusal("be asked for the reading"):
        held = await look_up.held(server, names, known)
        if order.reference is not None:
            held = await look_up.with_reference(server, held, order.reference)
    return compare(order.proof, held, order.key)


async def _write(
    server: Server,
    order: RetractionOrder,
    plan: UploadPlan,
    present: Sequence[Json],
    live: Sequence[Json],
) -> None:
    """Mark what is live, and tell of it. Both are the same however often they are written."""
    updates = [update_of(observation) for observation in live]
    record: list[Json] = []
    if order.send_provenance:
        values = [value for _, value in names_in(order.proof)]
        entry = nullification(order, values, present)
        record = rendered({"entry": [entry]}, plan)["entry"]
    with _as_refusal("let this program mark the reading as entered in error"):
        if updates and plan.way is Way.TRANSACTION:
            await server.transaction(
                {"resourceType": "Bundle", "type": "transaction", "entry": [*updates, *record]}
            )
            return
        for update in updates:
            request = update["request"]
            match = {"If-Match": request["ifMatch"]} if "ifMatch" in request else {}
            await server.store("PUT", request["url"], update["resource"], **match)
        for entry in record:
            await store_entry(entry["request"], entry["resource"], server, plan.way)


async def _check(server: Server, changed: Sequence[Json]) -> None:
    """Raise Transient unless the EHR gives back what was changed as it now should be."""
    for observation in changed:
        reference = reference_of(observation)
        if reference is not None and not is_retracted(await server.read(reference)):
            raise Transient("the EHR does not show the reading as entered in error yet")


def _require_ours(findings: Sequence[Finding]) -> None:
    if any(finding.found is Found.DOUBLED for finding in findings):
        raise Refused("the EHR has this reading more than once", meaning=_STAYS, hint=_BY_HAND)
    if any(
        finding.found is Found.DIFFERENT and not finding.is_same_but_for_status
        for finding in findings
    ):
        raise Refused(
            "the EHR holds something else than was confirmed here; somebody has changed it",
            meaning=_STAYS,
            hint=_BY_HAND,
        )


@contextmanager
def _as_refusal(what: str) -> Iterator[None]:
    """Make of an EHR that does not offer something one that refuses it.

    Filing works with such an EHR, so it must not stop for this.
    """
    try:
        yield
    except Misconfigured as error:
        if error.status is None:
            raise
        raise Refused(
            f"the EHR does not {what}", status=error.status, meaning=_STAYS, hint=_BY_HAND
        ) from error
