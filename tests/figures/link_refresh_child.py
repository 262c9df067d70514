"""A process that renews the token of one link, made to be killed at any step. Starts fast.

It ends with 0 once it has used a token with success, and with 3 where the link says that the
patient must consent again.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlcipher3 import dbapi2

from ohx_desktop.cloud.answers import Answer
from ohx_desktop.cloud.errors import CloudTransient, NeedsConsent
from ohx_desktop.cloud.link_locks import LinkLocks
from ohx_desktop.cloud.link_service import AsyncLinks
from ohx_desktop.cloud.links import HeldTokens, Pair
from ohx_desktop.cloud.token_answers import TokenAnswer
from ohx_desktop.cloud.tokens import TokenKeeper
from ohx_desktop.cloud.withings.tokens import decode_token

NEEDS_CONSENT = 3
_DEADLINE_S = 60.0


class Step(StrEnum):
    """Where it is killed, in the order of a renewal."""

    BEFORE_LOCK = "before the lock"
    LOCKED = "the lock is held"
    NOTED = "the beginning is noted"
    SERVED = "the service has renewed it, no answer yet"
    ANSWERED = "the answer is there, nothing kept"
    KEPT = "the new pair is kept, not given out"
    GIVEN = "the token is given, not used"
    USED = "the token was used, nobody noted it"
    STATEMENT = "at a random statement of the store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What one process does. `speed`: so many seconds of the service pass in one of ours.

    `refused` is the token that the service no longer takes, None for the one that is kept then.
    """

    folder: Path
    link: UUID
    key: bytes
    port: int
    began_s: float
    speed: float
    kill_at: Step | None = None
    statement: int = 0
    renewals: int = 1
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class BareAnswer:
    status: int
    headers: dict[str, str]
    body: bytes


def run(errand: Errand) -> None:
    """Renew and use the token; end the process by the outcome."""
    if errand.kill_at is Step.STATEMENT:
        _die_at_statement(errand.statement)
    try:
        asyncio.run(_run(errand))
    except NeedsConsent:
        sys.exit(NEEDS_CONSENT)


def now_of(errand: Errand) -> float:
    """Return the service's seconds."""
    return errand.began_s + (time.time() - errand.began_s) * errand.speed


async def _run(errand: Errand) -> None:
    async with asyncio.timeout(_DEADLINE_S):
        links = await AsyncLinks.open(
            errand.folder / "cloud.db", lambda: errand.key, now=lambda: _now(errand)
        )
        keeper = TokenKeeper(
            _DyingLinks(links, errand),
            errand.link,
            lambda refresh: _renew(errand, refresh),
            _DyingLocks(errand),
            permit=_permit,
            now=lambda: _now(errand),
            monotonic=lambda: now_of(errand),
            sleep=lambda seconds: asyncio.sleep(seconds / errand.speed),
        )
        _reached(errand, Step.BEFORE_LOCK)
        for _ in range(errand.renewals):
            refused = errand.refused or (await links.tokens(errand.link)).pair.access
            token = await keeper(refused=refused)
            _reached(errand, Step.GIVEN)
            used = await _ask(errand, "/use", {}, token=token)
            if used.status != 200:
                sys.exit("the token that was given opens nothing")
            _reached(errand, Step.USED)
            await links.synced(errand.link)
        await links.close()


class _DyingLinks:
    """The links, with the kills between their steps."""

    def __init__(self, links: AsyncLinks, errand: Errand) -> None:
        self._links = links
        self._errand = errand

    async def asked(self, link_id: UUID) -> None:
        await self._links.asked(link_id)
        _reached(self._errand, Step.NOTED)

    async def renew(self, link_id: UUID, pair: Pair, **more: Any) -> HeldTokens:
        _reached(self._errand, Step.ANSWERED)
        held = await self._links.renew(link_id, pair, **more)
        _reached(self._errand, Step.KEPT)
        return held

    def __getattr__(self, name: str) -> Any:
        return getattr(self._links, name)


class _DyingLocks(LinkLocks):
    def __init__(self, errand: Errand) -> None:
        super().__init__(errand.folder / "locks")
        self._errand = errand

    @asynccontextmanager
    async def held(self, link_id: UUID, service: str) -> AsyncGenerator[None]:
        async with super().held(link_id, service):
            _reached(self._errand, Step.LOCKED)
            yield


async def _permit() -> None:
    """Let every call through."""


async def _renew(errand: Errand, refresh: str) -> TokenAnswer:
    form = {
        "action": "requesttoken",
        "grant_type": "refresh_token",
        "client_id": "virtual-clinic",
        "client_secret": "virtual-secret",
        "refresh_token": refresh,
    }
    return decode_token(await _ask(errand, "/v2/oauth2", form))


async def _ask(errand: Errand, path: str, form: dict[str, str], *, token: str = "") -> Answer:
    """Ask by plain HTTP/1.1; the program's own client takes longer to import than to kill."""
    kill = "yes" if errand.kill_at is Step.SERVED and form else "no"
    body = urlencode(form).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nX-Pid: {os.getpid()}\r\nX-Kill: {kill}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", errand.port)
        writer.write(head.encode() + body)
        raw = await reader.read()
        writer.close()
    except OSError as error:
        raise CloudTransient("Withings") from error
    told, _, content = raw.partition(b"\r\n\r\n")
    if not told:
        raise CloudTransient("Withings")
    status = int(told.split()[1])
    return BareAnswer(status, {"content-type": "application/json"}, content)


def _reached(errand: Errand, step: Step) -> None:
    if errand.kill_at is step:
        os.kill(os.getpid(), signal.SIGKILL)


def _now(errand: Errand) -> datetime:
    return datetime.fromtimestamp(now_of(errand), UTC)


def _die_at_statement(number: int) -> None:
    """Have every connection count its statements, key and settings included."""
    seen = 0
    real: Callable[..., Any] = dbapi2.connect

    def count(_statement: str) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def connect(*args: Any, **more: Any) -> Any:
        connection = real(*args, **more)
        connection.set_trace_callback(count)
        return connection

    dbapi2.connect = connect


def answer_form(body: bytes, status: int = 200) -> bytes:
    """Return an answer of the service as bytes."""
    return (
        f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body


def as_json(told: object) -> bytes:
    """Return an object as the service sends it."""
    return json.dumps(told).encode()
