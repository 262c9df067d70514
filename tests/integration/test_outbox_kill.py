"""Killed at any moment between confirmation and verification: one Observation, nothing lost.

Real processes, a real database, a real HTTP server. The kills come after a random time, at a
random database statement, and in the moment when the EHR has stored the reading but the program
does not know it yet. OHX_KILL_RUNS sets how many (default 50), OHX_KILL_SEED repeats a series.
"""

# ruff: noqa: T201 - the table is what a person runs this for

import json
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from ohx_desktop.audit.events import Event
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.fhir.mapping import transaction_bundle
from ohx_desktop.keystore import KeyFile
from ohx_desktop.outbox.states import ARRIVED, EntryState
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.review.submission import Gateway, Submission
from ohx_desktop.virtual.ehr import Fault, SandboxHandle, Scope, sandbox_ehr_in_thread
from ohx_desktop.virtual.ehr.seed import PATIENT

RUNS = int(os.environ.get("OHX_KILL_RUNS", "50"))
SEED = int(os.environ.get("OHX_KILL_SEED", str(random.SystemRandom().randrange(2**32))))
CHILD = Path(__file__).with_name("outbox_child.py")
MEASURED = datetime.fromisoformat("2026-11-23T09:41:07+01:00")
# A clean way from start to verified takes about 60 ms and 60 statements on a slow machine.
LATEST_KILL_S = 0.07
LAST_STATEMENT = 75
# How often a reading is confirmed while the sender has nothing else to do, as in a clinic.
SENDER_WAITS = 0.7


@dataclass(frozen=True)
class Way:
    """What one process told before it ended."""

    saved: bool
    done: bool


class Kitchen:
    """One confirmed reading, its profile folder, and processes that take it to the EHR."""

    def __init__(self, folder: Path, ehr: SandboxHandle, number: int) -> None:
        self._folder, self._ehr = folder, ehr
        folder.mkdir(exist_ok=True)
        reading = _reading(number)
        self.reading_id = reading.id
        self.bundle = folder / f"bundle-{number}.json"
        self.bundle.write_bytes(encode(transaction_bundle(_submission(reading))))

    def run(
        self,
        *,
        confirm: bool,
        kill_after_s: float | None = None,
        kill_at_statement: int | None = None,
        kill_when_stored: bool = False,
        sender_waits: bool = False,
        on_saved: threading.Event | None = None,
    ) -> Way:
        """Run one process until it ends or is killed."""
        command = [sys.executable, str(CHILD), str(self._folder), self._ehr.base_url]
        command += [str(self.reading_id)] + ([str(self.bundle)] if confirm else [])
        environment = dict(os.environ)
        if kill_at_statement is not None:
            environment["KILL_AT_STATEMENT"] = str(kill_at_statement)
        if sender_waits:
            environment["SENDER_WAITS"] = "yes"
        said: list[str] = []
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout is not None
        watchdog = threading.Timer(30, process.kill)
        watchdog.start()
        killers = [watchdog]
        if kill_when_stored:
            killers.append(_Watcher(self, process))
            killers[-1].start()
        for line in process.stdout:
            said.append(line.split()[0])
            if said[-1] == "saved" and on_saved is not None:
                on_saved.set()
            if said == ["ready"] and kill_after_s is not None:
                killers.append(threading.Timer(kill_after_s, process.kill))
                killers[-1].start()
        process.stdout.close()
        code = process.wait()
        hung = watchdog.finished.is_set()
        for killer in killers:
            killer.cancel()
            killer.join()
        assert not hung, "the process hung"
        assert code in {0, -9}, f"the process failed with {code}"
        return Way(saved="saved" in said, done="done" in said)

    def stored(self) -> int:
        """Return how many copies of the main Observation the EHR holds."""
        sent = (e["resource"] for e in json.loads(self.bundle.read_bytes())["entry"])
        main = next(one for one in sent if one["resourceType"] == "Observation")
        (identifier,) = main["identifier"]
        versions = self._ehr.store.versions("Observation")
        return sum(identifier in v.resource.get("identifier", []) for v in versions)

    def entries(self) -> list[str]:
        """Return the states of all entries of the queue, as they are on the disk."""
        key = KeyFile(self._folder / "key").load()
        assert key is not None
        store = OutboxStore.open(self._folder / "outbox.db", key)
        assert all(store.held(entry.id) is None for entry in store.entries({EntryState.VERIFIED}))
        # The audit is killed with the queue: neither is ahead of the other.
        records = [link.record for link in store.audit.links()]
        confirmed = [record.entry for record in records if record.event is Event.CONFIRMED]
        assert confirmed == [entry.id for entry in store.entries()]
        assert store.audit.verify().broken is None
        states = [entry.state.value for entry in store.entries()]
        store.close()
        return states


class _Watcher(threading.Timer):
    """Kills a process as soon as the EHR has its reading."""

    def __init__(self, kitchen: Kitchen, process: "subprocess.Popen[str]") -> None:
        super().__init__(0, self._watch)
        self._kitchen, self._process = kitchen, process

    def _watch(self) -> None:
        while not self.finished.wait(0.0005):
            if self._kitchen.stored():
                self._process.kill()
                return


@pytest.fixture(scope="module")
def ehr() -> Iterator[SandboxHandle]:
    with sandbox_ehr_in_thread() as handle:
        yield handle


@pytest.mark.kill
@pytest.mark.timeout(60 + 3 * RUNS)
def test_killed_at_any_moment_a_reading_arrives_exactly_once(
    ehr: SandboxHandle, tmp_path: Path
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - where to kill is no secret
    results: Counter[str] = Counter()
    for number in range(RUNS):
        kitchen = Kitchen(tmp_path / str(number), ehr, number)
        told = f"run {number} of seed {SEED}"
        saved = done = False
        for _ in range(chance.choice([1, 1, 2, 3])):
            moments = ["time", "statement"]
            if not kitchen.stored():
                moments += ["stored", "stored and dropped"]
            kind = chance.choice(moments)
            if kind == "stored and dropped":
                ehr.faults.arm(Fault.COMMIT_THEN_DROP)
            way = kitchen.run(
                confirm=not saved,
                kill_after_s=chance.uniform(0, LATEST_KILL_S) if kind == "time" else None,
                kill_at_statement=(
                    chance.randint(1, LAST_STATEMENT) if kind == "statement" else None
                ),
                kill_when_stored=kind.startswith("stored"),
                # The first time only: what waits from before keeps the sender at work.
                sender_waits=not saved and chance.random() < SENDER_WAITS,
            )
            ehr.faults.disarm()
            saved |= way.saved
            done |= way.done
            results[f"{kind}: {_where(kitchen, way)}"] += 1
        # Whoever was not told "saved" confirms again; whoever was told does nothing.
        last = kitchen.run(confirm=not saved)
        assert last.done, told
        assert kitchen.stored() == 1, told
        states = kitchen.entries()
        assert len(states) == 1, told
        assert states[0] in ARRIVED, told
        results["runs"] += 1
    print(f"\nseed {SEED}: {RUNS} readings, 0 lost, 0 doubled")
    for what, count in sorted(results.items()):
        print(f"  {count:5} {what}")


def test_programs_on_one_profile_send_nothing_twice(ehr: SandboxHandle, tmp_path: Path) -> None:
    kitchens = [Kitchen(tmp_path / "profile", ehr, 10_000 + number) for number in range(5)]
    before = len(_sent(ehr))
    with ThreadPoolExecutor(len(kitchens)) as threads:
        ways = list(threads.map(lambda kitchen: kitchen.run(confirm=True), kitchens))
    assert all(way.done for way in ways)
    assert len(_sent(ehr)) - before == len(kitchens)
    assert [kitchen.stored() for kitchen in kitchens] == [1] * len(kitchens)
    assert kitchens[0].entries() == ["verified"] * len(kitchens)


def test_the_death_of_the_sender_lets_another_program_send(
    ehr: SandboxHandle, tmp_path: Path
) -> None:
    dying, living = (Kitchen(tmp_path / "profile", ehr, 20_000 + number) for number in range(2))
    # The request hangs long enough for the second program to start and wait for its turn.
    ehr.faults.arm(Fault.DELAY, scope=Scope.WRITES, delay_s=1.0)
    saved = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        death = threads.submit(dying.run, confirm=True, kill_when_stored=True, on_saved=saved)
        assert saved.wait(30)
        way = threads.submit(living.run, confirm=True)
    assert death.result() == Way(saved=True, done=False)
    assert way.result().done
    assert [dying.stored(), living.stored()] == [1, 1]
    states = dying.entries()
    assert len(states) == 2
    assert set(states) <= ARRIVED


def _sent(ehr: SandboxHandle) -> list[str]:
    return [exchange.path for exchange in ehr.exchanges if exchange.method == "POST"]


def _where(kitchen: Kitchen, way: Way) -> str:
    if way.done:
        return "ended before the kill"
    if kitchen.stored():
        return "killed with the reading in the EHR"
    return "killed after saving" if way.saved else "killed before saving"


def _reading(number: int) -> Reading:
    measured = MEASURED + timedelta(minutes=number)
    values = (
        (QuantityKind.SYSTOLIC_BLOOD_PRESSURE, "138", Unit.MM_HG),
        (QuantityKind.DIASTOLIC_BLOOD_PRESSURE, "84", Unit.MM_HG),
        (QuantityKind.PULSE_RATE, "71", Unit.PER_MINUTE),
    )
    return Reading(
        source=Source.BLUETOOTH,
        device=DeviceIdentity(manufacturer="Example", model="BPM-200", address="A4:C1:38:0B:11:2E"),
        measured_at=measured,
        received_at=measured,
        clock=DeviceClock(device=measured.replace(tzinfo=None), trust=ClockTrust.DEVICE),
        quantities=tuple(
            Quantity(kind=kind, value=Decimal(value), unit=unit) for kind, value, unit in values
        ),
    )


def _submission(reading: Reading) -> Submission:
    return Submission(
        reading=reading,
        patient=f"Patient/{PATIENT}",
        confirmed_at=MEASURED,
        gateway=Gateway(
            installation=UUID("0529d9e6-f06b-56ca-89fc-c396a28e5e2f"), station="1", version="0.1.0"
        ),
    )
