"""A program that takes one reading to an EHR, made to be killed. Imports little, to start fast.

    outbox_child.py FOLDER URL READING_ID [BUNDLE_FILE]

With a bundle it confirms the reading first. Prints "ready", "saved" once the confirmation is
durable, "done STATE" at the end. With KILL_AT_STATEMENT=N it kills itself as the database is given
its N-th statement. With SENDER_WAITS it confirms once the sender has nothing else to do.
"""

# ruff: noqa: T201 - what is printed is what the test reads

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

from sqlcipher3 import dbapi2

from ohx_desktop.domain.errors import Transient
from ohx_desktop.domain.look_up import Found, LookUp
from ohx_desktop.keystore import KeyFile, obtain_key
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.outbox.worker import OutboxWorker


@dataclass(frozen=True)
class Created:
    main_reference: str
    created: bool


class BareEhr:
    """The EHR by plain HTTP/1.1; the program's own client takes longer to import than to kill."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    async def transact(self, bundle: bytes) -> Created:
        answer = await self._ask("POST", self._url.path, bundle)
        told = [entry["response"] for entry in answer["entry"]]
        main = next(one for one in told if "Observation/" in one["location"])
        reference = "/".join(main["location"].split("/_history")[0].split("/")[-2:])
        return Created(reference, main["status"].startswith("201"))

    async def look_up(self, bundles: Sequence[bytes]) -> list[LookUp]:
        return [await self._found(json.loads(bundle)) for bundle in bundles]

    async def _found(self, bundle: dict[str, Any]) -> LookUp:
        numbers = []
        for entry in bundle["entry"]:
            if entry["resource"]["resourceType"] == "Observation":
                (name,) = entry["resource"]["identifier"]
                token = quote(f"{name['system']}|{name['value']}", safe="")
                path = f"{self._url.path}/Observation?identifier={token}"
                numbers.append((await self._ask("GET", path))["total"])
        if max(numbers) > 1:
            return LookUp(found=Found.DOUBLED)
        if not any(numbers):
            return LookUp(found=Found.ABSENT)
        return LookUp(found=Found.SAME if all(numbers) else Found.DIFFERENT)

    async def retract(self, order: bytes) -> Created:
        raise NotImplementedError

    async def is_back(self) -> bool:
        try:
            await self._ask("GET", f"{self._url.path}/metadata")
        except Transient:
            return False
        return True

    def prepare(self, bundle: bytes) -> None:
        """Do nothing."""

    async def _ask(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        try:
            reader, writer = await asyncio.open_connection(self._url.hostname, self._url.port)
            head = (
                f"{method} {path} HTTP/1.1\r\nHost: {self._url.netloc}\r\nConnection: close\r\n"
                "Content-Type: application/fhir+json\r\nPrefer: return=minimal\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            raw = await reader.read()
            writer.close()
        except OSError as error:
            raise Transient("the EHR cannot be reached", is_doubtful=True) from error
        head_, _, content = raw.partition(b"\r\n\r\n")
        if not head_.startswith(b"HTTP/1.1 200"):
            raise Transient("the EHR gave no answer of use", is_doubtful=True)
        return dict(json.loads(content))


def die_at_statement(number: int) -> None:
    """Have every connection count its statements, key and settings included."""
    seen = 0
    real = dbapi2.connect

    def count(_statement: str) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def connect(*arguments: Any, **options: Any) -> Any:
        connection: Any = real(*arguments, **options)
        connection.set_trace_callback(count)
        return connection

    dbapi2.connect = connect


async def main(folder: Path, url: str, reading_id: UUID, bundle: bytes | None) -> None:
    path = folder / "outbox.db"
    outbox = await AsyncOutbox.open(path, lambda: obtain_key(KeyFile(folder / "key"), path))
    worker = OutboxWorker(outbox, BareEhr(url), folder / "sender.lock")
    sending = asyncio.create_task(worker.run())
    if "SENDER_WAITS" in os.environ:
        # Then the commit that saves the reading also claims it.
        while not outbox._store.sender_waits:
            await asyncio.sleep(0.001)
    print("ready", flush=True)
    if bundle is not None:
        await outbox.enqueue(
            reading_id=reading_id,
            patient=json.loads(bundle)["entry"][-1]["request"]["url"],
            submission=bundle,
            bundle=bundle,
            frames=[b"frame"],
        )
        print("saved", flush=True)
    while waiting := await outbox.entries({EntryState.QUEUED, EntryState.SENDING}):
        await outbox.drain(10)
        await outbox.wait_until_settled(waiting[0].id, 10)
    worker.stop()
    await sending
    states = [entry.state.value for entry in await outbox.entries()]
    await outbox.close()
    print("done", *states, flush=True)


if __name__ == "__main__":
    if "KILL_AT_STATEMENT" in os.environ:
        die_at_statement(int(os.environ["KILL_AT_STATEMENT"]))
    confirmed = Path(sys.argv[4]).read_bytes() if len(sys.argv) > 4 else None
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], UUID(sys.argv[3]), confirmed))
