"""A request and its answer, without an HTTP library, and what a request must look like.

Source: R5, RESTful API, Content Types, Prefer and Search by POST.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from ohx_desktop.virtual.ehr.fhir_json import Resource, loads
from ohx_desktop.virtual.ehr.outcome import IssueCode, refusal

JSON_TYPES = frozenset({"application/fhir+json", "application/json"})
FORM_TYPE = "application/x-www-form-urlencoded"

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request: path below the base in segments, query in order, headers by any case."""

    method: str
    segments: Sequence[str]
    query: Pairs
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type of the body, without its parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def wanted_return(self) -> str:
        """What the client prefers to get back: minimal, representation or OperationOutcome."""
        preferences = self.headers.get("Prefer", "").replace(";", ",").split(",")
        returns = [
            item.strip().removeprefix("return=") for item in preferences if "return=" in item
        ]
        return returns[0] if returns else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response; without a resource its body is empty."""

    status: int
    resource: Resource | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def body_resource(call: Call, *types: str) -> Resource:
    """Return the resource in the body, one of these types. Raises Refusal (415, 400) if not."""
    if call.content_type not in JSON_TYPES:
        raise refusal(415, IssueCode.NOT_SUPPORTED, "The body must be application/fhir+json")
    try:
        resource = loads(call.body)
    except (ValueError, RecursionError):
        # The parser's own message quotes the body.
        raise refusal(400, IssueCode.INVALID, "The body is not well-formed JSON") from None
    if not isinstance(resource, dict) or resource.get("resourceType") not in types:
        raise refusal(400, IssueCode.INVALID, f"The body is not a {' or '.join(types)}")
    return resource


def resource_to_validate(call: Call, type_: str) -> Resource:
    """Return the resource to validate: the body, or the parameter "resource" in it."""
    resource = body_resource(call, type_, "Parameters")
    if resource["resourceType"] != "Parameters":
        return resource
    for parameter in resource.get("parameter", []):
        inner = parameter.get("resource")
        if parameter.get("name") == "resource" and isinstance(inner, dict):
            if inner.get("resourceType") == type_:
                return inner
            break
    raise refusal(400, IssueCode.INVALID, f"The parameters hold no {type_}")


def form_pairs(call: Call) -> Pairs:
    """Return the parameters of a search by POST. Raises Refusal (415) for another body."""
    if call.content_type != FORM_TYPE:
        raise refusal(415, IssueCode.NOT_SUPPORTED, f"A search by POST is {FORM_TYPE}")
    return parse_qsl(call.body.decode("utf-8", errors="replace"), keep_blank_values=True)


def check_accept(call: Call) -> None:
    """Raise Refusal (406) when the client takes no JSON."""
    accepted = call.headers.get("Accept", "*/*")
    wanted = dict(call.query).get("_format", "json")
    if not ("json" in accepted or "*/*" in accepted or "application/*" in accepted):
        raise refusal(406, IssueCode.NOT_SUPPORTED, "This server speaks JSON only")
    if "json" not in wanted:
        raise refusal(406, IssueCode.NOT_SUPPORTED, "This server speaks JSON only")
