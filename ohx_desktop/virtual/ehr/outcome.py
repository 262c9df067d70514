"""What the server says when it refuses: FHIR OperationOutcome (R5, OperationOutcome).

The texts name rules and elements, never the values found there: clients log them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from ohx_desktop.virtual.ehr.fhir_json import Resource


class IssueCode(StrEnum):
    """The codes of value set issue-type that this server uses."""

    INVALID = "invalid"
    STRUCTURE = "structure"
    REQUIRED = "required"
    VALUE = "value"
    INVARIANT = "invariant"
    LOGIN = "login"
    FORBIDDEN = "forbidden"
    NOT_SUPPORTED = "not-supported"
    DUPLICATE = "duplicate"
    MULTIPLE_MATCHES = "multiple-matches"
    NOT_FOUND = "not-found"
    TOO_LONG = "too-long"
    CODE_INVALID = "code-invalid"
    BUSINESS_RULE = "business-rule"
    CONFLICT = "conflict"
    TRANSIENT = "transient"
    EXCEPTION = "exception"
    THROTTLED = "throttled"
    EXPIRED = "expired"
    INFORMATIONAL = "informational"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One thing that is wrong, and where (`expression`, a simple FHIRPath)."""

    code: IssueCode
    text: str
    expression: str | None = None
    diagnostics: str | None = None
    severity: str = "error"

    def within(self, path: str) -> "Issue":
        """Return the issue with its expression moved from the resource type to this path."""
        _, dot, rest = (self.expression or "").partition(".")
        return replace(self, expression=path + dot + rest)


class Refusal(Exception):  # noqa: N818 - reads as what happened
    """The request was refused with this HTTP status; nothing was stored."""

    def __init__(self, status: int, *issues: Issue, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status}: {'; '.join(issue.text for issue in issues)}")
        self.status = status
        self.issues = issues
        self.headers = headers or {}


def refusal(status: int, code: IssueCode, text: str, where: str | None = None) -> Refusal:
    """Return a refusal for one reason."""
    return Refusal(status, Issue(code=code, text=text, expression=where))


def operation_outcome(issues: Iterable[Issue]) -> Resource:
    """Return the OperationOutcome for these issues; without any it says that all is well."""
    listed = tuple(issues) or (
        Issue(code=IssueCode.INFORMATIONAL, text="No issues found", severity="information"),
    )
    return {"resourceType": "OperationOutcome", "issue": [_issue(issue) for issue in listed]}


def _issue(issue: Issue) -> Resource:
    element: Resource = {
        "severity": issue.severity,
        "code": issue.code.value,
        "details": {"text": issue.text},
    }
    if issue.diagnostics:
        element["diagnostics"] = issue.diagnostics
    if issue.expression:
        element["expression"] = [issue.expression]
    return element
