"""The FHIR R5 interactions of the sandbox EHR, from a call to its answer. No I/O.

Source: R5, RESTful API. The HTTP library is in server.py only.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlencode

from ohx_desktop.virtual.ehr.call import (
    Answer,
    Call,
    Pairs,
    body_resource,
    check_accept,
    form_pairs,
    resource_to_validate,
)
from ohx_desktop.virtual.ehr.capability import capability_statement
from ohx_desktop.virtual.ehr.fhir_json import Resource
from ohx_desktop.virtual.ehr.interactions import Policy, Write, Written, carry_out, parse_criteria
from ohx_desktop.virtual.ehr.matching import match_patients
from ohx_desktop.virtual.ehr.outcome import Issue, IssueCode, Refusal, operation_outcome, refusal
from ohx_desktop.virtual.ehr.paging import DEFAULT_COUNT, MAXIMUM_COUNT, PAGE_PARAMETER, Pages
from ohx_desktop.virtual.ehr.r4_forms import as_r4, bundle_as_r4
from ohx_desktop.virtual.ehr.search import find
from ohx_desktop.virtual.ehr.store import Store, Version
from ohx_desktop.virtual.ehr.transaction import process_transaction
from ohx_desktop.virtual.ehr.validation import STORED_TYPES, Validator

# Parameters that shape the answer and choose nothing; the server may ignore them.
RESULT_PARAMETERS = frozenset({"_count", "_format", "_pretty", "_total"})

NOTHING_HERE = "There is nothing at this address"


class Api:
    """Answers calls from a store. `started` is the date of the CapabilityStatement."""

    def __init__(self, store: Store, validator: Validator, *, started: datetime) -> None:
        self._store = store
        self._validator = validator
        self._started = started
        self._pages = Pages()

    def answer(self, call: Call, policy: Policy) -> Answer:
        """Carry out a call. Raises Refusal; then nothing was stored."""
        check_accept(call)
        match call.method, list(call.segments):
            case "GET", ["metadata"]:
                statement = capability_statement(policy, started=self._started)
                return Answer(status=200, resource=statement)
            case _, ["metadata"]:
                raise _not_allowed("GET")
            case _, []:
                return self._on_system(call, policy)
            case "POST", ["Patient", "$match"]:
                parameters = body_resource(call, "Parameters")
                found = match_patients(self._store, parameters, policy.base_url)
                return Answer(status=200, resource=found)
            case "POST", [type_, "$validate"] if type_ in {"Bundle", *STORED_TYPES}:
                return self._validate(call, policy)
            case _, [type_] | [type_, "_search"] if type_ in STORED_TYPES:
                return self._on_type(call, policy, type_)
            case _, [type_, id_, *rest] if type_ in STORED_TYPES:
                return self._on_instance(call, policy, (type_, id_), rest)
            case _:
                raise refusal(404, IssueCode.NOT_SUPPORTED, NOTHING_HERE)

    def _on_system(self, call: Call, policy: Policy) -> Answer:
        token = dict(call.query).get(PAGE_PARAMETER)
        match call.method:
            case "POST":
                return self._transaction(call, policy)
            case "GET" if token is not None:
                address = f"{policy.base_url}?{urlencode(call.query)}"
                page = self._pages.next(address, token, policy.base_url)
                return Answer(status=200, resource=_in_form(bundle_as_r4, page, policy))
            case _:
                raise _not_allowed("POST")

    def _on_type(self, call: Call, policy: Policy, type_: str) -> Answer:
        match call.method, list(call.segments[1:]):
            case "GET", []:
                return self._search(call.query, policy, type_)
            case "POST", ["_search"]:
                return self._search([*call.query, *form_pairs(call)], policy, type_)
            case "POST", []:
                return self._create(call, policy, type_)
            case _, rest:
                raise _not_allowed("POST" if rest else "GET, POST")

    def _on_instance(
        self, call: Call, policy: Policy, target: tuple[str, str], rest: list[str]
    ) -> Answer:
        match call.method, rest:
            case "GET", []:
                return self._read(self._store.read(*target), policy)
            case "PUT", []:
                return self._update(call, policy, *target)
            case "GET", ["_history", number] if number.isdecimal():
                return self._read(self._store.read_version(*target, int(number)), policy)
            case _, []:
                raise _not_allowed("GET, PUT")
            case _:
                raise refusal(404, IssueCode.NOT_SUPPORTED, NOTHING_HERE)

    def _read(self, version: Version | None, policy: Policy) -> Answer:
        if version is None:
            raise refusal(404, IssueCode.NOT_FOUND, "There is no such resource")
        resource = _in_form(as_r4, version.resource, policy)
        return Answer(status=200, resource=resource, headers=_version_headers(version))

    def _search(self, pairs: Pairs, policy: Policy, type_: str) -> Answer:
        criteria = [pair for pair in pairs if pair[0] not in RESULT_PARAMETERS]
        found = find(self._store, type_, criteria)
        address = f"{policy.base_url}/{type_}?{urlencode(pairs)}"
        bundle = self._pages.first(address, found, _count(pairs), policy.base_url)
        return Answer(status=200, resource=_in_form(bundle_as_r4, bundle, policy))

    def _create(self, call: Call, policy: Policy, type_: str) -> Answer:
        condition = call.headers.get("If-None-Exist")
        write = Write(
            type=type_,
            id=None,
            resource=body_resource(call, type_),
            if_none_exist=None if condition is None else parse_criteria(condition, type_),
            where=type_,
        )
        return self._write(write, call, policy)

    def _update(self, call: Call, policy: Policy, type_: str, id_: str) -> Answer:
        write = Write(
            type=type_,
            id=id_,
            resource=body_resource(call, type_),
            if_match=call.headers.get("If-Match"),
            where=type_,
        )
        return self._write(write, call, policy)

    def _write(self, write: Write, call: Call, policy: Policy) -> Answer:
        with self._store.draft() as draft:
            (written,) = carry_out(
                draft, [write], validator=self._validator, policy=policy, many=False
            )
        return _written(written, call, policy)

    def _transaction(self, call: Call, policy: Policy) -> Answer:
        if not policy.transaction:
            raise refusal(405, IssueCode.NOT_SUPPORTED, "This server takes no transactions")
        bundle = body_resource(call, "Bundle")
        with self._store.draft() as draft:
            response = process_transaction(
                draft,
                bundle,
                validator=self._validator,
                policy=policy,
                representation=call.wanted_return == "representation",
            )
        return Answer(status=200, resource=response)

    def _validate(self, call: Call, policy: Policy) -> Answer:
        """Answer $validate: 200 with all issues, and nothing is stored."""
        type_ = call.segments[0]
        resource = resource_to_validate(call, type_)
        try:
            with self._store.draft() as draft:
                if type_ == "Bundle":
                    process_transaction(
                        draft,
                        resource,
                        validator=self._validator,
                        policy=policy,
                        representation=False,
                    )
                else:
                    write = Write(type=type_, id=None, resource=resource, where=type_)
                    carry_out(draft, [write], validator=self._validator, policy=policy, many=False)
                draft.discard()
        except Refusal as refusal:
            return Answer(status=200, resource=operation_outcome(refusal.issues))
        return Answer(status=200, resource=operation_outcome(()))


def _in_form(
    render: Callable[[Resource], Resource], resource: Resource, policy: Policy
) -> Resource:
    """Return a resource as a server of this version has it."""
    return resource if policy.r5 else render(resource)


def _written(written: Written, call: Call, policy: Policy) -> Answer:
    version = written.version
    bodies = {"minimal": None, "OperationOutcome": operation_outcome(())}
    return Answer(
        status=201 if written.created else 200,
        resource=bodies.get(call.wanted_return, version.resource),
        headers={
            "Location": f"{policy.base_url}/{version.location}",
            **_version_headers(version),
        },
    )


def _version_headers(version: Version) -> dict[str, str]:
    return {
        "ETag": version.etag,
        "Last-Modified": format_datetime(version.updated.astimezone(UTC), usegmt=True),
    }


def _count(pairs: Pairs) -> int:
    asked = dict(pairs).get("_count", str(DEFAULT_COUNT))
    if not asked.isdecimal():
        raise refusal(400, IssueCode.INVALID, "_count is a whole number")
    return min(int(asked), MAXIMUM_COUNT)


def _not_allowed(allowed: str) -> Refusal:
    issue = Issue(code=IssueCode.NOT_SUPPORTED, text="This method is not supported here")
    return Refusal(405, issue, headers={"Allow": allowed})
