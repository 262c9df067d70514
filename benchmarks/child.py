"""A helper process that answers lines of JSON, and ends with its standard input."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

_DEADLINE_S = 20.0


class Child:
    """The other end of its standard input and output."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin and process.stdout  # noqa: S101, PT018 - both were asked for
        self._stdin, self._stdout = process.stdin, process.stdout

    def tell(self, line: str) -> None:
        """Send one line."""
        self._stdin.write(f"{line}\n".encode())

    async def hear(self) -> Any:
        """Return the next line of JSON. Raises TimeoutError, ValueError when it has ended."""
        async with asyncio.timeout(_DEADLINE_S):
            return json.loads(await self._stdout.readline())


@asynccontextmanager
async def child_process(*arguments: str) -> AsyncIterator[Child]:
    """Run this Python with the arguments while the block lasts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield Child(process)
    finally:
        if process.stdin:
            process.stdin.close()
        async with asyncio.timeout(_DEADLINE_S):
            await process.wait()
