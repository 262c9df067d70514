"""Whether an EHR takes our readings: a line for each thing that can be wrong, with its remedy.

The lines are told as they are known, the cheap ones first; what cannot be asked once something
failed is left out. Nothing is written unless asked for, and then it is taken back.
"""

from collections.abc import AsyncGenerator, Awaitable
from dataclasses import dataclass

from ohx_desktop.domain.check_lines import Line, Verdict
from ohx_desktop.domain.errors import OhxError, RemoteError
from ohx_desktop.domain.patient import PatientQuery
from ohx_desktop.fhir.auth.scopes import Subject, missing
from ohx_desktop.fhir.capability import Capabilities
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.connection_check import Connection, examine
from ohx_desktop.fhir.plan import VersionChoice, Way, plan_for
from ohx_desktop.fhir.write_check import Told, validated, written_and_taken_back
from ohx_desktop.oauth.token_source import TokenSource

# A search that finds nobody shows that we are signed in, and brings no name here.
_NOBODY = PatientQuery(identifier="ohx-desktop-ehr-check")
# More than this and times of readings, and signed assertions, become doubtful.
_CLOCK_TOLERANCE_S = 60.0
_CERTIFICATE_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedEhr:
    """What the check works with. `patient` is a test patient; only with `write` it is used."""

    ehr: EhrClient
    tokens: TokenSource | None = None
    subject: Subject = Subject.SYSTEM
    version: VersionChoice = "auto"
    write: bool = False
    patient: str | None = None


async def check_ehr(asked: CheckedEhr) -> AsyncGenerator[Line]:
    """Yield a line for each check. What failed beyond repair ends it."""
    ehr = asked.ehr
    connection = await examine(ehr.base_url)
    for line in _connection_lines(ehr.base_url, connection):
        yield line
    try:
        told = await ehr.capabilities()
    except RemoteError as error:
        yield _failed("reachable", error)
        return
    yield Line(name="reachable", verdict=Verdict.OK, detail=f"{ehr.base_url} answers")
    for line in _stated(told, asked.version):
        yield line
    try:
        await ehr.find_patients(_NOBODY)
    except RemoteError as error:
        yield _failed("patient-search", error)
        return
    detail = "signed in and may search for patients"
    yield Line(name="patient-search", verdict=Verdict.OK, detail=detail)
    for line in _scope_lines(asked):
        yield line
    if told.validation:
        yield await _told("validate-own", validated(ehr, asked.patient))
    if asked.write:
        yield await _told("write", written_and_taken_back(ehr, asked.patient))


def _failed(name: str, error: OhxError) -> Line:
    return Line(
        name=name, verdict=Verdict.FAILED, detail=error.what, remedy=error.hint, error=error
    )


async def _told(name: str, check: Awaitable[Told]) -> Line:
    try:
        remedy, detail = await check
    except RemoteError as error:
        return _failed(name, error)
    verdict = Verdict.WARNING if remedy else Verdict.OK
    return Line(name=name, verdict=verdict, detail=detail, remedy=remedy)


def _connection_lines(base_url: str, found: Connection) -> list[Line]:
    lines = []
    if found.proxy:
        detail = f"requests go through the proxy {found.proxy}"
        lines.append(Line(name="proxy", verdict=Verdict.OK, detail=detail))
    lines.append(_tls_line(base_url, found))
    if found.clock_ahead_s is not None and abs(found.clock_ahead_s) > _CLOCK_TOLERANCE_S:
        side = "behind" if found.clock_ahead_s > 0 else "ahead of"
        lines.append(
            Line(
                name="clock",
                verdict=Verdict.WARNING,
                detail=f"this computer is {abs(found.clock_ahead_s):.0f} s {side} the EHR",
                remedy="set the clock of this computer by the network",
            )
        )
    return lines


def _tls_line(base_url: str, found: Connection) -> Line:
    if not base_url.startswith("https:"):
        return Line(
            name="tls",
            verdict=Verdict.WARNING,
            detail="not encrypted; only right for an EHR on this very computer",
            remedy="use an https address for any other EHR",
        )
    detail = "encrypted, with a certificate that this computer trusts"
    if found.certificate_days is None:
        return Line(name="tls", verdict=Verdict.OK, detail=detail)
    detail += f" for {found.certificate_days} more days"
    soon = found.certificate_days < _CERTIFICATE_DAYS
    return Line(
        name="tls",
        verdict=Verdict.WARNING if soon else Verdict.OK,
        detail=detail,
        remedy="the administrator of the EHR must renew its certificate" if soon else None,
    )


_WAYS = {
    Way.TRANSACTION: "a reading is stored all or nothing",
    Way.CONDITIONAL_CREATE: "a reading is stored resource by resource, none of them twice",
    Way.SEARCH_THEN_CREATE: "a reading is stored resource by resource, each looked for before",
}
_OFFERED = {True: "offers", False: "does not offer", None: "does not state whether it offers"}


def _stated(told: Capabilities, choice: VersionChoice) -> list[Line]:
    """Say what the CapabilityStatement means for us."""
    try:
        plan = plan_for(told, choice)
    except RemoteError as error:
        return [
            Line(
                name="fhir-version",
                verdict=Verdict.FAILED,
                detail=error.what,
                remedy=error.hint,
            )
        ]
    version = f"FHIR {told.fhir_version}; {plan.version} is sent"
    lines = [
        Line(name="fhir-version", verdict=Verdict.OK, detail=version),
        Line(name="way", verdict=Verdict.OK, detail=_WAYS[plan.way]),
    ]
    for name, offered, what in (
        ("transaction", told.transaction, "storing a reading all or nothing"),
        ("conditional-create", told.conditional_create, "uploading again without a second copy"),
        ("update-create", told.update_create, "storing Provenance under our id"),
        ("validate", told.validation, "checking a resource without storing it ($validate)"),
    ):
        # There is another way for each, so what is missing is worth knowing and no failure.
        lines.append(
            Line(
                name=name,
                verdict=Verdict.OK if offered else Verdict.WARNING,
                detail=f"{_OFFERED[offered]} {what}",
                remedy=None if offered else "nothing has to be done: another way is used",
            )
        )
    return lines


def _scope_lines(asked: CheckedEhr) -> list[Line]:
    token = asked.tokens.token if asked.tokens else None
    if token is None:
        return []
    lacking = missing(token.scopes, asked.subject)
    if not lacking:
        return [Line(name="scopes", verdict=Verdict.OK, detail="all that is needed is granted")]
    return [
        Line(
            name="scopes",
            verdict=Verdict.WARNING,
            detail=f"not granted: {', '.join(lacking)}",
            remedy="an administrator of the EHR can allow them for this program",
        )
    ]
