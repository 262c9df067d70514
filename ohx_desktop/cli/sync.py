"""`sync`: reads linked accounts now; what is new goes into the tray and is printed."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ohx_desktop.cli.devices import describe
from ohx_desktop.cli.links import link_id
from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode, OhxError

if TYPE_CHECKING:
    from ohx_desktop.cloud.sync_report import SyncReport
    from ohx_desktop.desk.cloud_sync import CloudSync

# As many links as the nightly sync has under way.
_AT_ONCE = 4


def add_commands(add: Any, _group: Any) -> None:
    """Add `sync`."""
    sync = add(
        "sync",
        _sync,
        "read linked accounts now; what is new waits in the tray for a person, and is printed",
        description="Read linked accounts now. What is new waits in the tray for a person to "
        "confirm, and is printed as Readings. Exit code 6: some account could not be reached now; "
        "7: a person must act, such as connect an account again. What came, came in any case.",
    )
    which = sync.add_mutually_exclusive_group()
    which.add_argument(
        "--provider", choices=("withings", "google_health"), help="links of this provider only"
    )
    which.add_argument(
        "--link", type=link_id, metavar="ID", help="this link only, as `link list` prints it"
    )


async def _sync(options: argparse.Namespace, out: Output) -> int:
    import asyncio

    from ohx_desktop.app import open_clouds
    from ohx_desktop.cloud.providers import Provider

    provider = Provider(options.provider) if options.provider else None
    async with open_clouds(options.profile) as clouds:
        if options.link is None:
            link_ids = await clouds.sync.due(provider=provider)
            told = await clouds.sync.asleep(provider=provider)
        else:
            link_ids, told = [options.link], []
        free = asyncio.Semaphore(_AT_ONCE)
        problems: list[OhxError] = list(told)

        async def one(link_id: UUID) -> None:
            async with free:
                problems.extend(
                    await _read(clouds.sync, link_id, out, is_alone=options.link is not None)
                )

        await asyncio.gather(*map(one, link_ids))
        notices = await clouds.sync.notices()
    for error in told:
        out.note(f"{error}")
    if notices:
        out.note(
            f"{len(notices)} readings were changed or taken away at their provider after they had "
            "been confirmed; compare them with the EHR"
        )
    if not link_ids and not told:
        out.note("no account is linked: ohx-desktop link add")
    return _verdict(problems, len(link_ids), out)


async def _read(sync: "CloudSync", link_id: UUID, out: Output, *, is_alone: bool) -> list[OhxError]:
    """Sync a link and print what is new; return what went wrong."""
    try:
        report = await sync.sync(link_id, urgent=is_alone)
    except OhxError as error:
        if error.exit_code is ExitCode.STORE:
            raise
        out.note(f"link {link_id}: {error}")
        return [error]
    from ohx_desktop.domain.reading_json import reading_to_json

    for reading in report.readings:
        out.item(reading_to_json(reading), describe(reading))
    out.note(_told(report))
    for stream, missing in report.errors.items():
        out.note(f"link {link_id}, {stream}: {missing} ({missing.code})")
    return list(report.errors.values())


def _told(report: "SyncReport") -> str:
    counts = {
        "new": len(report.readings) - report.replaced,
        "known": report.unchanged,
        "replaced": report.replaced,
        "taken away": report.taken_back,
        "changed after they were confirmed": len(report.edited),
        "taken away after they were confirmed": len(report.withdrawn),
        "left out": report.skipped.total(),
    }
    parts = [f"{count} {what}" for what, count in counts.items() if count]
    whole = "" if report.is_whole else "; not everything came"
    return f"link {report.link_id}: {', '.join(parts) or 'nothing new'}{whole}"


def _verdict(problems: Sequence[OhxError], asked: int, out: Output) -> int:
    """Return the exit code; of several problems the one that a person must see to counts."""
    if not problems:
        return ExitCode.DONE
    out.note(f"{asked} links were asked; {len(problems)} times something did not come")
    worst = max(problems, key=lambda error: error.exit_code is not ExitCode.UNREACHABLE)
    raise worst
