"""What the EHR says when it refuses: OperationOutcome and status to an error of ours.

Servers quote values and names in `diagnostics` and `details`, and errors reach logs. So only the
issue code, the path of the element and our own words are used.

Source: FHIR R5 OperationOutcome, http; code system issue-type.
"""

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus

from ohx_desktop.domain.errors import NotAuthorised, Refused, RemoteError, Transient
from ohx_desktop.fhir.encoding import Json, decode, objects_in
from ohx_desktop.transport import HttpResponse, error_for_status, retry_after_s

SERVICE = "the EHR"

# Issue codes that time may heal.
_RETRY_CODES = frozenset(
    {"transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled"}
)
# Of those, what leaves open whether the rest was done.
_OPEN_CODES = frozenset({"timeout", "incomplete"})
_WORDS = {
    "invalid": "the content is invalid",
    "structure": "the structure is wrong",
    "required": "a required element is missing",
    "value": "a value is not allowed",
    "invariant": "a rule of the profile is broken",
    "code-invalid": "a code is not known",
    "extension": "an extension is not accepted",
    "forbidden": "the action is not allowed",
    "not-supported": "the action is not supported",
    "not-found": "something it refers to does not exist",
    "deleted": "something it refers to was deleted",
    "duplicate": "it exists already",
    "multiple-matches": "more than one resource matches",
    "conflict": "another change came in between",
    "business-rule": "a rule of the EHR forbids it",
    "processing": "it could not be processed",
    "too-long": "the content is too long",
    "login": "a sign-in is needed",
    "expired": "the sign-in has ended",
    "transient": "it is not able to now",
    "throttled": "it asks to be sent less at a time",
    "lock-error": "it is busy with the same resource",
    "no-store": "it has no room now",
    "exception": "it failed by itself",
    "timeout": "it took too long",
    "incomplete": "it was not able to answer whole",
}
_TYPES = "Bundle|CapabilityStatement|Device|Encounter|Observation|Patient|Practitioner|Provenance"
_PATH = re.compile(rf"(?:{_TYPES})(?:\.[a-z][A-Za-z]{{0,30}}(?:\[\d{{1,4}}\])?)*")
# HAPI writes the type and id of a resource into its paths as a comment.
_COMMENT = re.compile(r"/\*.*?\*/")
_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")


def error_for_response(response: HttpResponse, sent: Json | None = None) -> RemoteError:
    """Return the error that an answer other than 2xx means.

    `sent` is the Bundle that was answered; it lets the text name the resource in question. A
    conflict is Transient with status 409, worth a few attempts and then a person. A server error
    without the EHR's own word may be a gateway's, behind which the EHR has stored all the same.
    """
    plain = error_for_status(response, SERVICE)
    outcome = operation_outcome(response.body)
    status, what = response.status, plain.what
    failing = _failing(outcome) if outcome else []
    if failing:
        what = f"{what}: {'; '.join(_sentence(issue, sent) for issue in failing)}"
    codes = {_code(issue) for issue in failing}
    wait_s = retry_after_s(response.headers)
    if isinstance(plain, NotAuthorised):
        return NotAuthorised(what, status=status)
    if status == HTTPStatus.CONFLICT or (codes and codes <= _RETRY_CODES):
        is_open = bool(codes & _OPEN_CODES)
        return Transient(what, status=status, retry_after_s=wait_s, is_doubtful=is_open)
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE} and codes - {"not-supported"}:
        # The EHR itself speaks, so the address is right and the resource is not there.
        return Refused(what, status=status)
    if isinstance(plain, Transient):
        is_open = plain.is_doubtful and (not failing or bool(codes & _OPEN_CODES))
        return Transient(what, status=status, retry_after_s=wait_s, is_doubtful=is_open)
    return type(plain)(what, status=status, hint=_hint(status) or plain.hint)


def resource_in(response: HttpResponse) -> Json:
    """Return the resource in a 2xx answer.

    Raises Transient for anything else: a captive portal or a proxy answers 200 too.
    """
    try:
        resource = decode(response.body)
    except ValueError:
        resource = {}
    if not isinstance(resource.get("resourceType"), str):
        raise not_fhir(response)
    return resource


def not_fhir(response: HttpResponse) -> Transient:
    """Return the error for a 2xx answer that is not what FHIR prescribes."""
    return Transient(
        f"something answered {response.status} in place of {SERVICE}, but not in FHIR",
        status=response.status,
        is_doubtful=True,
        hint="check the network: a sign-in page or a proxy may stand in between",
    )


def operation_outcome(body: bytes) -> Json | None:
    """Return the OperationOutcome in `body`, or None."""
    try:
        resource = decode(body)
    except ValueError:
        return None
    return resource if resource.get("resourceType") == "OperationOutcome" else None


def warnings_in(outcome: Json, sent: Json | None = None) -> tuple[str, ...]:
    """Return a sentence for each warning: what is wrong in our words, its code, the element.

    Issues of lesser severity are left out: some servers comment on every success.
    """
    issues = objects_in(outcome.get("issue"))
    return tuple(_sentence(issue, sent) for issue in issues if issue.get("severity") == "warning")


def failures_in(outcome: Json) -> tuple[str, ...]:
    """Return a sentence for each error in an OperationOutcome that answered a question."""
    issues = objects_in(outcome.get("issue"))
    failing = [issue for issue in issues if issue.get("severity") in {"fatal", "error"}]
    return tuple(_sentence(issue, None) for issue in failing)


def _hint(status: int) -> str | None:
    if status == HTTPStatus.FORBIDDEN:
        return "an administrator must allow this program to do this in the EHR"
    return None


def _failing(outcome: Json) -> list[Json]:
    issues = objects_in(outcome.get("issue"))
    return [issue for issue in issues if issue.get("severity") in {"fatal", "error"}] or issues


def _code(issue: Json) -> str:
    code = issue.get("code")
    if isinstance(code, str) and (code in _WORDS or code in _RETRY_CODES):
        return code
    return "unknown"


def _sentence(issue: Json, sent: Json | None) -> str:
    code = _code(issue)
    words = _WORDS.get(code, "it has a problem of its own")
    where = next(_paths(issue), None)
    if where is None:
        return f"{words} ({code})"
    return f"{words} ({code}) at {where}{_named_entry(where, sent)}"


def _paths(issue: Json) -> Iterator[str]:
    for name in ("expression", "location"):
        paths = issue.get(name)
        for path in paths if isinstance(paths, list) else []:
            found = _PATH.match(_COMMENT.sub("", path)) if isinstance(path, str) else None
            if found:
                yield found[0]


def _named_entry(path: str, sent: Json | None) -> str:
    found = _ENTRY.match(path)
    entries: Sequence[Json] = (sent or {}).get("entry", [])
    if not found or int(found[1]) >= len(entries):
        return ""
    resource = entries[int(found[1])]["resource"]
    names = [resource["resourceType"], resource.get("code", {}).get("text")]
    return f" ({', '.join(name for name in names if name)})"
