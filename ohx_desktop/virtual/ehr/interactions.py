"""Carrying out creates and updates, one or many, as one unit (R5, RESTful API). Pure.

A single create is a unit of one. Identities are found first, then references are resolved and all
is checked, and only then something is written: POST before PUT.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from ohx_desktop.virtual.ehr.fhir_json import Resource
from ohx_desktop.virtual.ehr.outcome import IssueCode, Refusal, refusal
from ohx_desktop.virtual.ehr.references import linker, relinked
from ohx_desktop.virtual.ehr.search import Criteria, find
from ohx_desktop.virtual.ehr.store import Draft, Version
from ohx_desktop.virtual.ehr.validation import Validator


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What kind of server this is for one request."""

    base_url: str
    fhir_version: str = "5.0.0"
    transaction: bool = True
    conditional_create: bool = True
    update_create: bool = True

    @property
    def r5(self) -> bool:
        """True where resources are those of R5."""
        return self.fhir_version.startswith("5.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A create (`id` None) or an update, as asked for.

    `full_url` is what other resources of the unit call it; `where` the path of the resource in
    the body of the request, for issues.
    """

    type: str
    id: str | None
    resource: Resource
    if_none_exist: Criteria | None = None
    if_match: str | None = None
    full_url: str | None = None
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a write: the version now current, and whether the resource is new."""

    version: Version
    created: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    write: Write
    id: str
    found: Version | None

    @property
    def reference(self) -> str:
        return f"{self.write.type}/{self.id}"

    @property
    def is_no_op(self) -> bool:
        """True for a conditional create whose resource is already there."""
        return self.write.id is None and self.found is not None


def carry_out(
    draft: Draft, writes: Sequence[Write], *, validator: Validator, policy: Policy, many: bool
) -> list[Written]:
    """Write all into the draft and return the results in the order given.

    `many` is true for a transaction: conditional references are allowed there only. Raises
    Refusal; the draft must then be dropped.
    """
    plans = [_plan(draft, write, policy) for write in writes]
    _refuse_shared_identity(plans)
    link = _linker(draft, plans, policy, many=many)
    linked = [relinked(plan.write.resource, link) for plan in plans]
    _check(draft, plans, linked, validator, policy)
    results: dict[int, Written] = {}
    for index in sorted(range(len(plans)), key=lambda i: plans[i].write.id is not None):
        plan = plans[index]
        version = plan.found
        if version is None or not plan.is_no_op:
            version = draft.write(plan.write.type, plan.id, linked[index])
        results[index] = Written(version=version, created=plan.found is None)
    return [results[index] for index in range(len(plans))]


def parse_criteria(query: str, where: str) -> Criteria:
    """Return the criteria of If-None-Exist: a query without type and question mark."""
    criteria = parse_qsl(query, keep_blank_values=True)
    if not criteria:
        text = "If-None-Exist needs a search query such as identifier=system|value"
        raise refusal(400, IssueCode.INVALID, text, where)
    return criteria


def _plan(draft: Draft, write: Write, policy: Policy) -> _Plan:
    if write.id is not None:
        return _plan_update(draft, write, write.id, policy)
    if write.if_none_exist is not None and policy.conditional_create:
        matches = find(draft, write.type, write.if_none_exist)
        if len(matches) > 1:
            raise _several(write.where)
        if matches:
            return _Plan(write, matches[0].id, matches[0])
    return _Plan(write, draft.new_id(write.type), None)


def _plan_update(draft: Draft, write: Write, id_: str, policy: Policy) -> _Plan:
    def refuse(status: int, code: IssueCode, text: str) -> Refusal:
        return refusal(status, code, text, write.where)

    if write.resource.get("id") != id_:
        raise refuse(400, IssueCode.INVALID, "The id in the resource is not the id in the address")
    found = draft.read(write.type, id_)
    if found is None and not policy.update_create:
        raise refuse(405, IssueCode.NOT_SUPPORTED, "Ids are given by this server only")
    if write.if_match is not None and (found is None or write.if_match != found.etag):
        raise refuse(412, IssueCode.CONFLICT, "The version in If-Match is not the current one")
    return _Plan(write, id_, found)


def _refuse_shared_identity(plans: Sequence[_Plan]) -> None:
    """Refuse two writes to one resource, also two conditional creates of the same thing."""
    seen: set[object] = set()
    for plan in plans:
        criteria = plan.write.if_none_exist
        keys: list[object] = [plan.reference]
        if criteria is not None and plan.found is None:
            keys.append((plan.write.type, tuple(criteria)))
        if plan.write.full_url is not None:
            keys.append(("fullUrl", plan.write.full_url))
        if seen.intersection(keys):
            text = "Two entries of the transaction have one identity"
            raise refusal(400, IssueCode.DUPLICATE, text, plan.write.where)
        seen.update(keys)


def _linker(
    draft: Draft, plans: Sequence[_Plan], policy: Policy, *, many: bool
) -> Callable[[str], str]:
    assigned = {
        plan.write.full_url: plan.reference for plan in plans if plan.write.full_url is not None
    }
    plain = linker(policy.base_url, assigned)

    def link(reference: str) -> str:
        type_, question, query = reference.partition("?")
        return _conditional(draft, type_, query) if question and many else plain(reference)

    return link


def _conditional(draft: Draft, type_: str, query: str) -> str:
    matches = find(draft, type_, parse_criteria(query, "Bundle"))
    if not matches:
        raise refusal(412, IssueCode.NOT_FOUND, "A conditional reference matches nothing")
    if len(matches) > 1:
        raise _several("Bundle")
    return matches[0].reference


def _check(
    draft: Draft,
    plans: Sequence[_Plan],
    linked: Sequence[Resource],
    validator: Validator,
    policy: Policy,
) -> None:
    planned: Mapping[str, _Plan] = {plan.reference: plan for plan in plans}

    def exists(type_: str, id_: str) -> bool:
        return f"{type_}/{id_}" in planned or draft.read(type_, id_) is not None

    issues = [
        issue.within(plan.write.where)
        for plan, resource in zip(plans, linked, strict=True)
        for issue in validator.check(resource, exists, r5=policy.r5)
    ]
    if issues:
        raise Refusal(422, *issues)


def _several(where: str) -> Refusal:
    text = "The criteria match several resources"
    return refusal(412, IssueCode.MULTIPLE_MATCHES, text, where)
