"""A queue that is sent off, against the same bundles posted over as many connections.

Both go to the same sandbox EHR, a process of its own, in turns. Ours ends when every reading has
been sent, acknowledged, read back, and erased here. The bare way: a warmed httpx client and the
finished bytes, no queue, nothing read back.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from child import Child, child_process
from figure import Figure
from readings import readings

from ohx_desktop.app import open_desk, open_maker
from ohx_desktop.app.ehr import open_ehr
from ohx_desktop.app.filing import sender_of
from ohx_desktop.app.profile import opened_profile, settings_of
from ohx_desktop.desk.filing import FilingService, SubmissionMaker
from ohx_desktop.domain.reading import Reading
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.settings.model import Settings
from ohx_desktop.settings.profile import Profile
from ohx_desktop.virtual.ehr.seed import PRACTITIONER

_ROUNDS = 4
_WARM_UP = 40
_WATCHED = 200
# 0.85 of the bare way's readings a second.
_TARGET = 1.18
_PATIENTS = 60
_TICK_S = 0.001
_LOOK_S = 0.01
_OPEN = frozenset({EntryState.QUEUED, EntryState.SENDING, EntryState.ACKNOWLEDGED})
_HEADERS = {"Content-Type": "application/fhir+json", "Prefer": "return=minimal"}
_SETTINGS = """\
[ehr]
base_url = "{base_url}"
[station]
name = "Benchmark"
practitioner = "Practitioner/{practitioner}"
[store]
key_source = "file"
key_file = "{key_file}"
"""


class _Ticks:
    """How long the event loop was kept from its other work, at worst.

    `own_ms` is that in processor time of the loop's thread: what other programs do is not in it.
    """

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self.own_ms = 0.0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Watch the loop while the block lasts."""
        ticking = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticking.cancel()

    async def _tick(self) -> None:
        while True:
            began_ns, own_ns = time.perf_counter_ns(), time.thread_time_ns()
            await asyncio.sleep(_TICK_S)
            self.own_ms = max(self.own_ms, (time.thread_time_ns() - own_ns) / 1e6)
            late_ms = (time.perf_counter_ns() - began_ns) / 1e6 - _TICK_S * 1e3
            self.longest_ms = max(self.longest_ms, late_ms)


async def measure(readings_each: int, *, delay_s: float = 0.0) -> list[Figure]:
    """Return the one figure, over so many readings each way; `delay_s` is added to each answer."""
    fresh, ticks = readings(), _Ticks()
    ours_ms: list[float] = []
    bare_ms: list[float] = []
    with TemporaryDirectory(prefix="ohx-bench-") as folder:
        async with child_process("-m", "ohx_desktop.virtual.ehr") as ehr:
            base_url = (await ehr.hear())["base_url"]
            profile = _profile(Path(folder), base_url)
            await _admit(base_url)
            if delay_s:
                await _slow_down(ehr, delay_s)
            # Watching the loop takes time, too, so it is done in a round that does not count.
            await _ours(profile, list(islice(fresh, _WATCHED)), ticks)
            for each in (_WARM_UP, *[readings_each // _ROUNDS] * _ROUNDS):
                ours_ms.append(await _ours(profile, list(islice(fresh, each))))
                bare_ms.append(await _bare(profile, base_url, list(islice(fresh, each))))
    total = readings_each // _ROUNDS * _ROUNDS
    return [
        Figure(
            name=f"{total} sent off" + (f", {delay_s * 1e3:g} ms away" if delay_s else ""),
            ours_ms=ours_ms[1:],
            bare_ms=bare_ms[1:],
            target=_TARGET,
            note=(
                f"{sum(ours_ms[1:]) / 1e3:.1f} s in {_ROUNDS} rounds; "
                f"longest stall of the event loop {ticks.longest_ms:.1f} ms (16 allowed), "
                f"by work of its own {ticks.own_ms:.1f} ms"
            ),
        )
    ]


async def _admit(base_url: str) -> None:
    """Have the EHR know the patients."""
    async with httpx.AsyncClient() as client:
        for patient in _patients():
            kind, _, identity = patient.partition("/")
            resource = {"resourceType": kind, "id": identity, "active": True}
            answer = await client.put(f"{base_url}/{patient}", json=resource, headers=_HEADERS)
            answer.raise_for_status()


async def _slow_down(ehr: Child, delay_s: float) -> None:
    ehr.tell(json.dumps({"arm": "delay", "times": None, "delay_s": delay_s}))
    if not (await ehr.hear()).get("done"):
        raise RuntimeError("the EHR did not take the delay")


async def _ours(folder: Path, fresh: list[Reading], ticks: _Ticks | None = None) -> float:
    """Return the milliseconds from the start of the sender to the last erasure."""
    profile = opened_profile(folder)
    settings = settings_of(profile)
    async with open_desk(folder, sending=False) as desk, open_ehr(folder) as ehr:
        await _fill(desk.filing, fresh)
        await ehr.capabilities()
        with ticks.counted() if ticks else nullcontext():
            return await _sent_off(desk.outbox, ehr, profile, settings)


async def _fill(filing: FilingService, fresh: list[Reading]) -> None:
    for reading, patient in zip(fresh, cycle(_patients()), strict=False):
        await filing.submit(reading, patient=patient)


async def _sent_off(
    outbox: AsyncOutbox, ehr: EhrClient, profile: Profile, settings: Settings
) -> float:
    began_ns = time.perf_counter_ns()
    async with sender_of(outbox, ehr, profile, settings):
        while await outbox.read(_is_open):  # noqa: ASYNC110 - looking costs ours, no event of it
            await asyncio.sleep(_LOOK_S)
        took_ms = (time.perf_counter_ns() - began_ns) / 1e6
    entries = await outbox.entries()
    if {entry.state for entry in entries} != {EntryState.VERIFIED}:
        raise RuntimeError("a reading was not sent")
    if any([await outbox.held(entry.id) for entry in entries[-50:]]):
        raise RuntimeError("a reading was not erased")
    return took_ms


def _is_open(store: OutboxStore) -> bool:
    return bool(store.entries(_OPEN, limit=1))


async def _bare(folder: Path, base_url: str, fresh: list[Reading]) -> float:
    maker = open_maker(folder)
    parallel = settings_of(opened_profile(folder)).ehr.parallel
    made = [
        _body(maker, reading, patient)
        for reading, patient in zip(fresh, cycle(_patients()), strict=False)
    ]
    bodies = iter(made)
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=parallel)) as client:
        answer = await client.get(f"{base_url}/metadata")
        answer.raise_for_status()
        began_ns = time.perf_counter_ns()
        async with asyncio.TaskGroup() as group:
            for _ in range(parallel):
                group.create_task(_post_all(client, base_url, bodies))
        return (time.perf_counter_ns() - began_ns) / 1e6


async def _post_all(client: httpx.AsyncClient, base_url: str, bodies: Iterator[bytes]) -> None:
    for body in bodies:
        response = await client.post(base_url, content=body, headers=_HEADERS)
        response.raise_for_status()


def _body(maker: SubmissionMaker, reading: Reading, patient: str) -> bytes:
    return encode(maker.bundle(maker.submission(reading, patient=patient)))


def _patients() -> list[str]:
    return [f"Patient/bench-{number}" for number in range(_PATIENTS)]


def _profile(folder: Path, base_url: str) -> Path:
    settings = _SETTINGS.format(
        base_url=base_url, practitioner=PRACTITIONER, key_file=folder / "store.key"
    )
    (folder / "config.toml").write_text(settings, encoding="utf-8")
    return folder
