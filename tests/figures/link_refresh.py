"""How a link fares whose token is renewed by several programs, killed at every step.

    python tests/figures/link_refresh.py [--runs 600] [--seed N]

Each run is one link with one account at the virtual Withings, which rotates refresh tokens, ends
the old one as the new access token is used, and refuses the same call within ten seconds. Up to
three real processes renew its token at once; one of them is killed at a step. Afterwards one more
process renews and uses it twice in a row. A link has survived when that succeeds, no patient has to
consent again, and the service never saw the same call within ten seconds. Its time runs 200 times
as fast.
"""

# ruff: noqa: T201 - the table is what a person runs this for

import argparse
import asyncio
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from urllib.parse import parse_qsl
from uuid import UUID

import link_refresh_child
from link_refresh_child import NEEDS_CONSENT, Errand, Step, answer_form, as_json, now_of

from ohx_desktop.cloud.link_store import LinkStore
from ohx_desktop.cloud.links import Consent, Pair
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.virtual.cloud.accounts import Account, Accounts
from ohx_desktop.virtual.cloud.withings import VirtualWithings

SPEED = 200.0
KEY = bytes(range(32))
SCOPE = ("user.metrics", "user.info")
# Opening, reading and renewing take about 60 statements.
LAST_STATEMENT = 70
_TOO_MANY = 601
_NO_LINK = UUID(int=0)
_REDIRECT = "http://127.0.0.1:8973/callback"


@dataclass(slots=True)
class Outcome:
    """What became of the runs of one step."""

    runs: int = 0
    killed: int = 0
    survived: int = 0
    token_calls: int = 0
    duplicates: int = 0
    longest_s: float = 0.0
    failures: list[str] = field(default_factory=list)


class Service:
    """The virtual Withings on a port of this computer, in a thread, for processes to ask."""

    def __init__(self) -> None:
        self.began_s = time.time()
        self._errand = Errand(
            folder=Path(), link=_NO_LINK, key=KEY, port=0, began_s=self.began_s, speed=SPEED
        )
        self.withings = VirtualWithings(
            Accounts([Account(user_id="0")]),
            now=lambda: now_of(self._errand),
            client_id="virtual-clinic",
            client_secret="virtual-secret",  # noqa: S106 - of a service that is none
        )
        self.withings.quota.per_minute = 10**9
        self.answers: Counter[int] = Counter()
        self.token_calls = 0
        self.port = 0

    @contextmanager
    def serving(self) -> Iterator["Service"]:
        """Serve while the context is open."""
        ready, stopping = threading.Event(), asyncio.Event()
        loop: asyncio.AbstractEventLoop | None = None

        async def serve() -> None:
            nonlocal loop
            loop = asyncio.get_running_loop()
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            async with server:
                self.port = server.sockets[0].getsockname()[1]
                ready.set()
                await stopping.wait()

        thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
        thread.start()
        ready.wait()
        try:
            yield self
        finally:
            if loop is not None:
                loop.call_soon_threadsafe(stopping.set)
            thread.join()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            path = head[0].split()[1]
            told = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
            body = await reader.readexactly(int(told["Content-Length"]))
            bearer = told["Authorization"].removeprefix("Bearer ").strip()
            if path == "/use":
                opened = self.withings.tokens.user_of(bearer) is not None
                writer.write(answer_form(b"{}", 200 if opened else 401))
            else:
                self.token_calls += 1
                answer = self.withings.answer(path, dict(parse_qsl(body.decode())), None)
                self.answers[int(answer["status"])] += 1
                if told["X-Kill"] == "yes":
                    os.kill(int(told["X-Pid"]), signal.SIGKILL)
                writer.write(answer_form(as_json(answer)))
            await writer.drain()
        writer.close()


def measure(runs: int, seed: int, folder: Path) -> dict[Step | None, Outcome]:
    """Run the runs, each step as often; None stands for runs in which nobody is killed."""
    chance = random.Random(seed)  # noqa: S311 - a series to repeat
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["ohx_desktop.cloud.tokens", "ohx_desktop.cloud.withings.tokens"]
    )
    steps: list[Step | None] = [None, *Step]
    outcomes: dict[Step | None, Outcome] = {step: Outcome() for step in steps}
    with Service().serving() as service:
        for number in range(runs):
            step = steps[number % len(steps)]
            errand = _linked(service, folder / str(number), str(number))
            statement = chance.randint(1, LAST_STATEMENT)
            dying = replace(errand, kill_at=step, statement=statement)
            _one_run(service, context, dying, chance.randint(1, 2), outcomes[step])
    return outcomes


def _one_run(
    service: Service, context: ForkServerContext, errand: Errand, others: int, outcome: Outcome
) -> None:
    """Have one process killed while others renew the same; then see whether the link lives."""
    began_s = time.monotonic()
    calls, duplicates = service.token_calls, service.answers[_TOO_MANY]
    unharmed = replace(errand, kill_at=None)
    first = [_started(context, each) for each in (errand, *[unharmed] * others)]
    codes = [_ended(process) for process in first]
    last = _ended(_started(context, replace(unharmed, renewals=2, refused=None)))
    outcome.runs += 1
    outcome.killed += codes[0] == -signal.SIGKILL
    outcome.token_calls += service.token_calls - calls
    repeated = service.answers[_TOO_MANY] - duplicates
    outcome.duplicates += repeated
    outcome.longest_s = max(outcome.longest_s, time.monotonic() - began_s)
    healthy = [code for code in codes[1:] if code != 0]
    if last == 0 and not healthy and not repeated:
        outcome.survived += 1
    else:
        asked = "a new consent" if NEEDS_CONSENT in {last, *healthy} else "no new consent"
        name = errand.folder.name
        outcome.failures.append(f"run {name}: {codes} then {last}, {repeated} x 601, {asked}")


def _linked(service: Service, folder: Path, account: str) -> Errand:
    """Link an account in a profile of its own, and return what a process needs."""
    folder.mkdir(parents=True)
    code = service.withings.tokens.code(account, SCOPE, _REDIRECT)
    tokens = service.withings.tokens.exchange(code, _REDIRECT)
    errand = Errand(
        folder=folder,
        link=_NO_LINK,
        key=KEY,
        port=service.port,
        began_s=service.began_s,
        speed=SPEED,
    )
    now = datetime.fromtimestamp(now_of(errand), UTC)
    store = LinkStore.open(folder / "cloud.db", KEY, now=lambda: now)
    link = store.add(
        provider=Provider.WITHINGS,
        account=account,
        patient=f"Patient/{account}",
        consent=Consent(at=now, by=None, text="1", scopes=frozenset(SCOPE)),
        pair=Pair(
            access=tokens.access,
            refresh=tokens.refresh or "",
            obtained_at=now,
            expires_at=now + timedelta(hours=3),
        ),
    )
    store.close()
    return replace(errand, link=link.id, refused=tokens.access)


def _started(context: ForkServerContext, errand: Errand) -> ForkServerProcess:
    process = context.Process(target=link_refresh_child.run, args=(errand,))
    process.start()
    return process


def _ended(process: ForkServerProcess) -> int:
    process.join(90)
    if process.exitcode is None:
        process.kill()
        process.join()
        return 1
    return process.exitcode


def table(outcomes: dict[Step | None, Outcome]) -> list[str]:
    """Return the lines of the table."""
    lines = [f"{'killed':44}{'runs':>6}{'killed':>8}{'survived':>10}{'calls':>7}{'601':>5}{'s':>7}"]
    for step, told in outcomes.items():
        name = "nobody" if step is None else step.value
        lines.append(
            f"{name:44}{told.runs:6}{told.killed:8}{told.survived:10}{told.token_calls:7}"
            f"{told.duplicates:5}{told.longest_s:7.1f}"
        )
    return lines


def main() -> int:
    """Print the figures; end with 1 where a link did not survive."""
    parser = argparse.ArgumentParser(description="Killed while a token is renewed.")
    parser.add_argument("--runs", type=int, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = measure(options.runs, options.seed, Path(folder))
    print(*table(outcomes), sep="\n")
    failures = [line for told in outcomes.values() for line in told.failures]
    print(*failures, sep="\n")
    runs = sum(told.runs for told in outcomes.values())
    survived = sum(told.survived for told in outcomes.values())
    print(
        f"{survived} of {runs} links survived; {time.monotonic() - began_s:.0f} s, "
        f"seed {options.seed}"
    )
    return int(survived != runs)


if __name__ == "__main__":
    sys.exit(main())
