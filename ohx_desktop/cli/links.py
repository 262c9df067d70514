"""`link`: patients' accounts at cloud services, without the window."""

import argparse
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ohx_desktop.cli.audit_notes import tell_audit
from ohx_desktop.cli.ehr import read_query
from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import datetime

    from ohx_desktop.audit.events import Event
    from ohx_desktop.cloud.found_account import FoundAccount
    from ohx_desktop.cloud.links import Link
    from ohx_desktop.desk.cloud_links import CloudLinks
    from ohx_desktop.domain.patient import Patient

_PROVIDERS = ("withings", "google_health", "fitbit")
_ADD_HELP = (
    "link an account with a patient. By stdin, or asked for on the terminal: what the patient "
    'told of themselves, {"family", "birthdate"} or {"identifier", "birthdate"} in one line, then '
    "yes to the words of consent, then yes to the account that was found"
)


def add_commands(_add: Any, group: Any) -> None:
    """Add `link`."""
    link = group("link", "accounts of patients at cloud services")
    list_ = link("list", _list, "list the links and how they fare; no names, no accounts")
    list_.add_argument("--patient", metavar="Patient/ID", help="this patient's only")
    add = link("add", _add_link, _ADD_HELP)
    add.add_argument("--provider", required=True, choices=_PROVIDERS)
    add.add_argument("--patient", required=True, metavar="Patient/ID", help="whose account it is")
    for name, run, help_ in (
        ("revoke", _revoke, "end a link: erased here, and taken back at the provider"),
        ("pause", _pause, "have nothing asked of an account until it is resumed"),
        ("resume", _resume, "have a paused link go on"),
    ):
        link(name, run, help_).add_argument(
            "id", type=link_id, metavar="ID", help="as `link list` prints it"
        )


def link_id(text: str) -> UUID:
    """Return the id that a person typed. Raises ArgumentTypeError."""
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError("is no id of a link") from None


@asynccontextmanager
async def _opened(options: argparse.Namespace, out: Output) -> "AsyncGenerator[CloudLinks]":
    """Open the links; what was done to them is told to the audit in the end."""
    import asyncio

    from ohx_desktop.app import open_cloud_links

    told: list[tuple[Event, str]] = []

    def note(event: "Event", /, *, subject: str | None = None, **_more: Any) -> None:
        told.append((event, subject or ""))

    try:
        async with open_cloud_links(options.profile, note=note) as desk:
            yield desk
    finally:
        for event, subject in told:
            await asyncio.to_thread(tell_audit, options.profile, event, subject, out)


async def _list(options: argparse.Namespace, out: Output) -> int:
    async with _opened(options, out) as desk:
        links = [link for link in await desk.all() if options.patient in {None, link.patient}]
        waiting = await desk.not_taken_back()
    for link in links:
        print_link(link, out)
    if not links:
        out.note("no account is linked: ohx-desktop link add")
    if waiting:
        out.note(f"{waiting} ended links are yet to be taken back at their provider")
    return ExitCode.DONE


async def _add_link(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.cloud.consenting import CONSENT_S
    from ohx_desktop.cloud.providers import Provider
    from ohx_desktop.oauth.authorization import open_system_browser
    from ohx_desktop.ui.texts import CONSENT_STEPS, CONSENT_WORDS

    provider = Provider(options.provider)
    async with _opened(options, out) as desk:
        desk.require(provider)
        patient = await _known_patient(options, out)
        out.note(f"{patient.family.upper()}, {patient.given}  {patient.birth_date or ''}")
        out.note(CONSENT_WORDS.format(service=provider.service))
        await _require_yes("the patient agrees (yes/no): ", "the patient did not agree")

        async def open_browser(url: str) -> bool:
            if not await open_system_browser(url):
                # Standard error, as all that is told on the way: it is no result.
                out.note(f"no browser can be opened; open this address on this computer:\n{url}")
            return True

        found = await desk.consent(
            provider,
            open_browser,
            on_step=lambda step: out.note(CONSENT_STEPS[step].format(service=provider.service)),
            deadline_s=CONSENT_S,
        )
        try:
            _tell_account(found, out)
            await _require_yes(
                "this is the patient's own account (yes/no): ", "the account is not the patient's"
            )
            link = await desk.add(patient.reference, found)
        except BaseException:
            await desk.decline(found)
            raise
    print_link(link, out)
    return ExitCode.DONE


async def _known_patient(options: argparse.Namespace, out: Output) -> "Patient":
    """Return the patient that the two identifiers find. Raises UsageError for another one."""
    from ohx_desktop.app import open_ehr
    from ohx_desktop.cloud.links import require_patient

    require_patient(options.patient)
    line = await _line('two identifiers of the patient, such as {"family": …, "birthdate": …}: ')
    query = read_query(line)
    if query.is_name_alone or (query.birth_date is None and query.family is None):
        raise UsageError(
            "one identifier is not enough to know a patient by",
            meaning="nothing was linked",
            hint='give {"family", "birthdate"} or {"identifier", "birthdate"}',
        )
    out.note("looking the patient up in the EHR …")
    async with open_ehr(options.profile) as ehr:
        found = (await ehr.find_patients(query)).patients
    if [patient.reference for patient in found] != [options.patient]:
        raise UsageError(
            "these identifiers do not find this patient, and this patient only",
            meaning="nothing was linked",
            hint="ask the patient again; see: ohx-desktop patient find",
        )
    (patient,) = found
    wrong_born = query.birth_date is not None and patient.birth_date != query.birth_date
    wrong_name = query.family is not None and query.family.casefold() != patient.family.casefold()
    if wrong_born or wrong_name or patient.deceased:
        raise UsageError(
            "the patient's record says otherwise",
            meaning="nothing was linked",
            hint="ask the patient again, or have the record corrected",
        )
    return patient


def _tell_account(found: "FoundAccount", out: Output) -> None:
    devices = ", ".join(device.model for device in found.devices) or "none that it tells"
    out.note(f"the account has these devices: {devices}")
    out.note(f"last weighing: {_day(found.last_weighing) or 'none in the last 30 days'}")
    for opens in found.missing:
        out.note(f"not allowed by the patient: {opens.value}")
    if found.ends_in is not None:
        out.note(f"the link will end by itself in {found.ends_in.days} days")


async def _revoke(options: argparse.Namespace, out: Output) -> int:
    async with _opened(options, out) as desk:
        ended = await desk.end(options.id)
    form = {
        "id": str(ended.receipt.link_id),
        "provider": ended.receipt.provider.value,
        "ended_at": ended.receipt.ended_at.isoformat(),
        "revoked": ended.error is None,
    }
    out.item(form, f"{ended.receipt.link_id} has ended; its account and tokens are erased here")
    if ended.error is not None:
        out.note(f"the provider is told later: {ended.error}")
    return ExitCode.DONE


async def _pause(options: argparse.Namespace, out: Output) -> int:
    async with _opened(options, out) as desk:
        print_link(await desk.pause(options.id), out)
    return ExitCode.DONE


async def _resume(options: argparse.Namespace, out: Output) -> int:
    async with _opened(options, out) as desk:
        print_link(await desk.resume(options.id), out)
    return ExitCode.DONE


def print_link(link: "Link", out: Output) -> None:
    """Print a link; the account at the provider stays out of it."""
    form = {
        "id": str(link.id),
        "provider": link.provider.value,
        "patient": link.patient,
        "state": link.state.value,
        "code": link.code,
        "state_since": link.state_since.isoformat(),
        "linked_at": link.consent.at.isoformat(),
        "linked_by": link.consent.by,
        "consent": link.consent.text,
        "last_data_at": link.last_data_at and link.last_data_at.isoformat(),
        "last_sync_at": link.last_sync_at and link.last_sync_at.isoformat(),
    }
    told = [
        str(link.id),
        link.provider.service,
        link.patient,
        link.state.value + (f" ({link.code})" if link.code else ""),
        f"last data {_day(link.last_data_at) or 'never'}",
        f"last asked {_day(link.last_sync_at) or 'never'}",
    ]
    out.item(form, "  ".join(told))


def _day(moment: "datetime | None") -> str | None:
    return None if moment is None else moment.astimezone().date().isoformat()


async def _require_yes(question: str, why_not: str) -> None:
    if (await _line(question)).strip().lower() not in {"yes", "y"}:
        raise UsageError(why_not, meaning="nothing was linked", hint="start again when they do")


async def _line(question: str) -> str:
    """Return a line that a person types, or the next one of stdin. Raises UsageError at its end."""
    import asyncio

    if sys.stdin.isatty():
        print(question, end="", file=sys.stderr, flush=True)
    line: str = await asyncio.to_thread(sys.stdin.readline)
    if not line:
        raise UsageError("stdin ended before everything was told", meaning="nothing was linked")
    return line
