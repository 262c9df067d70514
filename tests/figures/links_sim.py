"""Ten thousand linked accounts under the limit of their provider, on a clock of their own.

    make links-sim

Two programs of one clinic sync all links; the virtual Withings counts and refuses as the real one
does. Told are the share of the allowed rate that was used, how often the provider had to refuse,
and the longest any link waited, as a multiple of a fair share.
"""

import argparse
import asyncio
import sys
import tempfile
import time as wall
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

from virtual_time import VirtualTimeLoop, run_in_virtual_time

from ohx_desktop.cloud.limit_file import LimitFile
from ohx_desktop.cloud.limits import QUOTAS, Limits
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.ops.task_consumer import WORKERS
from ohx_desktop.virtual.cloud.accounts import Account, Accounts
from ohx_desktop.virtual.cloud.services import CLIENT_ID, CLIENT_SECRET
from ohx_desktop.virtual.cloud.withings import PER_MINUTE, VirtualWithings

NAMESPACE = UUID("0f7c1b8e-5f5a-4f29-9f2e-6f1f0a1f7a11")
# An answer takes this long; it differs from call to call.
ANSWERS_S = (0.18, 0.35, 0.9, 0.24, 1.7)
TOO_MANY = 601


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of it. Times are seconds of the simulated clock."""

    links: int
    calls: int
    took_s: float
    limit_errors: int
    share_used: float
    starved: int
    desk_waited_s: float
    cpu_s: float


def simulate(*, links: int, calls_each: int, programs: int) -> Told:
    """Sync all links once, with a patient at the desk in between."""
    with tempfile.TemporaryDirectory(prefix="ohx-links-") as folder:
        began = wall.process_time()
        return run_in_virtual_time(
            lambda loop: _simulate(
                loop,
                Path(folder),
                links=links,
                calls_each=calls_each,
                programs=programs,
                began=began,
            )
        )


async def _simulate(
    loop: VirtualTimeLoop,
    folder: Path,
    *,
    links: int,
    calls_each: int,
    programs: int,
    began: float,
) -> Told:
    service = VirtualWithings(
        Accounts([Account(user_id="1")]),
        now=loop.time,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )
    granted = service.tokens.code("1", ("user.metrics",), "http://x")
    bearer = service.tokens.exchange(granted, "http://x").access
    service.tokens.access_s = 10**9
    waiting = deque(uuid5(NAMESPACE, str(number)) for number in range(links))
    answered: dict[UUID, int] = dict.fromkeys(waiting, 0)
    all_limits = [
        Limits(
            Provider.WITHINGS,
            QUOTAS[Provider.WITHINGS],
            LimitFile(folder / "withings.json"),
            now=loop.time,
        )
        for _ in range(programs)
    ]
    start_s, errors, calls = loop.time(), 0, 0

    async def call(limits: Limits, link: UUID, number: int, *, urgent: bool = False) -> None:
        nonlocal errors, calls
        await limits.permit(link, urgent=urgent)()
        calls += 1
        form = {"action": "getmeas", "offset": str(number), "of": str(link)}
        answer = service.answer("/measure", form, bearer)
        errors += answer["status"] == TOO_MANY
        await asyncio.sleep(ANSWERS_S[calls % len(ANSWERS_S)])

    async def work(limits: Limits) -> None:
        while waiting:
            link = waiting.popleft()
            for number in range(calls_each):
                await call(limits, link, number)
                answered[link] += 1

    async def desk() -> float:
        await asyncio.sleep(10.0)
        asked_s = loop.time()
        await call(all_limits[0], uuid5(NAMESPACE, "desk"), 0, urgent=True)
        return loop.time() - asked_s

    at_desk = asyncio.create_task(desk())
    # As many under way as in the program, in each of them.
    await asyncio.gather(*(work(limits) for limits in all_limits for _ in range(WORKERS)))
    took_s = loop.time() - start_s
    desk_waited_s = await at_desk
    await asyncio.gather(*(limits.close() for limits in all_limits))
    return Told(
        links=links,
        calls=calls,
        took_s=took_s,
        limit_errors=errors,
        share_used=calls / (took_s / 60 * PER_MINUTE),
        starved=sum(count < calls_each for count in answered.values()),
        desk_waited_s=desk_waited_s,
        cpu_s=wall.process_time() - began,
    )


def main() -> int:
    """Print the figures; fail where one is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=3, help="calls for each link (default 3)")
    parser.add_argument("--programs", type=int, default=2)
    options = parser.parse_args()
    told = simulate(links=options.links, calls_each=options.calls, programs=options.programs)
    lines = {
        "links": f"{told.links}",
        "calls": f"{told.calls}",
        "simulated time": f"{told.took_s / 3600:.2f} h",
        "share of the allowed rate": f"{told.share_used:.1%} (at least 95 %)",
        "refused by the limit": f"{told.limit_errors} (none)",
        "links not answered": f"{told.starved} (none)",
        "patient at the desk waited": f"{told.desk_waited_s:.2f} s",
        "CPU time": f"{told.cpu_s:.1f} s",
    }
    for name, value in lines.items():
        sys.stdout.write(f"{name:<28}{value}\n")
    is_good = told.share_used >= 0.95 and not told.limit_errors and not told.starved
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
