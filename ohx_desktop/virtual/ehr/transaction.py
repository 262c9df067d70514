"""A transaction Bundle: all of it or nothing (R5, RESTful API, transaction). Pure.

Writes come before reads, whatever their order in the Bundle; the answer lists the entries in the
order of the request.
"""

import re
from collections.abc import Sequence
from http import HTTPStatus

from ohx_desktop.virtual.ehr.fhir_json import Resource
from ohx_desktop.virtual.ehr.interactions import Policy, Write, Written, carry_out, parse_criteria
from ohx_desktop.virtual.ehr.outcome import IssueCode, Refusal, refusal
from ohx_desktop.virtual.ehr.references import target_of
from ohx_desktop.virtual.ehr.store import Draft, Version
from ohx_desktop.virtual.ehr.validation import STORED_TYPES, Validator

Read = tuple[str, str]
"""Type and id of a resource that an entry asks for."""

PLACEHOLDER = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def process_transaction(
    draft: Draft, bundle: Resource, *, validator: Validator, policy: Policy, representation: bool
) -> Resource:
    """Carry out a transaction in the draft and return the transaction-response Bundle.

    With `representation` the answer holds the resources. Raises Refusal; the draft must then be
    dropped.
    """
    if bundle.get("type") != "transaction":
        raise refusal(
            400, IssueCode.NOT_SUPPORTED, "Only a Bundle of type transaction", "Bundle.type"
        )
    issues = validator.check_envelope(bundle)
    if issues:
        raise Refusal(422, *issues)
    asked = [
        _asked(entry, f"Bundle.entry[{index}]", policy.base_url)
        for index, entry in enumerate(bundle.get("entry", []))
    ]
    writes = [item for item in asked if isinstance(item, Write)]
    written = iter(carry_out(draft, writes, validator=validator, policy=policy, many=True))
    answers: list[Written | Version] = [
        next(written) if isinstance(item, Write) else _read(draft, item) for item in asked
    ]
    return {
        "resourceType": "Bundle",
        "type": "transaction-response",
        **_entries([_answer(answer, representation=representation) for answer in answers]),
    }


def _asked(entry: Resource, where: str, base_url: str) -> Write | Read:
    request: Resource = entry.get("request", {})
    full_url = entry.get("fullUrl", "")
    if full_url.startswith("urn:") and PLACEHOLDER.fullmatch(full_url) is None:
        raise refusal(400, IssueCode.VALUE, "Must be urn:uuid: in lower case", f"{where}.fullUrl")
    url = request.get("url", "").removeprefix(f"{base_url}/")
    match request.get("method"), url.split("/"):
        case "POST", [type_]:
            return _write(entry, request, type_, None, where)
        case "PUT", [type_, id_]:
            return _write(entry, request, type_, id_, where)
        case "GET", _ if (target := target_of(url)) is not None and "?" not in url:
            return target
        case _:
            raise refusal(
                400,
                IssueCode.NOT_SUPPORTED,
                "Only POST [type], PUT [type]/[id] and GET [type]/[id] in a transaction",
                f"{where}.request",
            )


def _write(entry: Resource, request: Resource, type_: str, id_: str | None, where: str) -> Write:
    resource = entry.get("resource")
    if not isinstance(resource, dict) or resource.get("resourceType") != type_:
        raise refusal(
            400,
            IssueCode.INVALID,
            "The resource is not of the type in the url",
            f"{where}.resource",
        )
    if type_ not in STORED_TYPES:
        raise refusal(400, IssueCode.NOT_SUPPORTED, "This type is not stored here", where)
    condition = request.get("ifNoneExist")
    return Write(
        type=type_,
        id=id_,
        resource=resource,
        if_none_exist=(
            None if condition is None else parse_criteria(condition, f"{where}.request.ifNoneExist")
        ),
        if_match=request.get("ifMatch"),
        full_url=entry.get("fullUrl"),
        where=f"{where}.resource",
    )


def _read(draft: Draft, target: Read) -> Version:
    version = draft.read(*target)
    if version is None:
        raise refusal(404, IssueCode.NOT_FOUND, f"There is no such {target[0]}")
    return version


def _answer(answer: Written | Version, *, representation: bool) -> Resource:
    version = answer.version if isinstance(answer, Written) else answer
    created = isinstance(answer, Written) and answer.created
    status = HTTPStatus.CREATED if created else HTTPStatus.OK
    response = {
        "response": {
            "status": f"{status.value} {status.phrase}",
            "location": version.location,
            "etag": version.etag,
            "lastModified": version.resource["meta"]["lastUpdated"],
        }
    }
    if representation or isinstance(answer, Version):
        return {"resource": version.resource, **response}
    return response


def _entries(entries: Sequence[Resource]) -> Resource:
    """Return the entry property: absent when there is nothing, for FHIR has no empty lists."""
    return {"entry": list(entries)} if entries else {}
