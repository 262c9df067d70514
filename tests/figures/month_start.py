"""Starts as the program does, up to the queue open and its first summary.

    month_start.py FOLDER

Prints the number of readings that wait.
"""

import asyncio
import sys
from pathlib import Path

from ohx_desktop.app import import_services
from ohx_desktop.keystore import KeyFile, obtain_key
from ohx_desktop.outbox.service import AsyncOutbox


async def main(folder: Path) -> None:
    """Open the queue and look at it."""
    path = folder / "outbox.db"
    outbox = await AsyncOutbox.open(path, lambda: obtain_key(KeyFile(folder / "key"), path))
    print((await outbox.summary()).waiting, flush=True)  # noqa: T201 - what is waited for
    await outbox.close()


if __name__ == "__main__":
    import_services()
    asyncio.run(main(Path(sys.argv[1])))
