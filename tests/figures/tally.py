"""What a program holds at one moment: all that could pile up from one session to the next."""

import asyncio
import gc
import os
import sys
import threading
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

_OWN_FILES = Path("/proc/self/fd")
_OWN_PAGES = Path("/proc/self/statm")
_STATS = "org.freedesktop.DBus.Debug.Stats"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts at one moment; those of the bus are None where there is none.

    `timers` are those of the loop that still run, `match_rules` those of every program on the bus,
    `connections` its programs, `agents` what is registered with BlueZ for pairing. `blocks` are
    pieces of memory that Python holds, `objects` those its garbage collector watches.
    """

    sessions: int
    tasks: int
    timers: int
    descriptors: int
    threads: int
    match_rules: int | None
    connections: int | None
    agents: int | None
    objects: int
    blocks: int
    resident_kb: int | None

    def row(self) -> tuple[str, ...]:
        """Return the cells of a table."""
        cells = [getattr(self, field.name) for field in fields(self)]
        return tuple("-" if cell is None else f"{cell:,}" for cell in cells)


HEAD = tuple(field.name for field in fields(Tally))


async def take_tally(
    sessions: int, *, bus: MessageBus | None = None, agents: int | None = None
) -> Tally:
    """Count now. `bus` is a connection to the private bus, which counts its own programs."""
    gc.collect()
    loop = asyncio.get_running_loop()
    scheduled: list[asyncio.TimerHandle] = getattr(loop, "_scheduled")  # noqa: B009 - asyncio's
    return Tally(
        sessions=sessions,
        tasks=len(asyncio.all_tasks()),
        timers=sum(not handle.cancelled() for handle in scheduled),
        descriptors=descriptors_open(),
        threads=threading.active_count(),
        match_rules=None if bus is None else await _match_rules(bus),
        connections=None if bus is None else await _connections(bus),
        agents=agents,
        objects=len(gc.get_objects()),
        blocks=sys.getallocatedblocks(),
        resident_kb=resident_kb(),
    )


async def _match_rules(bus: MessageBus) -> int:
    by_program: dict[str, list[str]] = (await _ask(bus, _STATS, "GetAllMatchRules"))[0]
    return sum(map(len, by_program.values()))


async def _connections(bus: MessageBus) -> int:
    names: list[str] = (await _ask(bus, "org.freedesktop.DBus", "ListNames"))[0]
    return sum(name.startswith(":") for name in names)


async def _ask(bus: MessageBus, interface: str, member: str) -> list[Any]:
    reply = await bus.call(
        Message(
            destination="org.freedesktop.DBus",
            path="/org/freedesktop/DBus",
            interface=interface,
            member=member,
        )
    )
    if reply is None or reply.message_type is not MessageType.METHOD_RETURN:
        raise RuntimeError(f"the bus does not tell {member}")
    return list(reply.body)


def descriptors_open() -> int:
    """Return how many descriptors this process has open; 0 where the system does not tell."""
    return len(list(_OWN_FILES.iterdir())) if _OWN_FILES.exists() else 0


def resident_kb() -> int | None:
    if not _OWN_PAGES.exists():
        return None
    pages = int(_OWN_PAGES.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024
