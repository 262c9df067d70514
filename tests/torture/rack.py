"""The rack: a sandbox EHR that lives on, a fork server, and profiles that are tortured on them."""

import logging
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cut_disk import CutDisk, inodes_below
from disk_shim import Step, StepKind, build, journal_of, missing
from job import Job, Measured, Work
from telling import ForkServer, Told
from trials import Counts, Group, Trial
from verdict import Verdict, judge

from ohx_desktop.ble.device_registry import DeviceRegistry, EnrolledDevice
from ohx_desktop.domain.clock import system_now
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.virtual.ehr.sandbox import SandboxHandle, sandbox_ehr_in_thread

CUFF_ADDRESS = "00:5F:BF:12:34:56"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a trial. `stage` is how far the program had come."""

    trial: Trial
    stage: str
    verdict: Verdict
    recovered_ms: int
    whole_ms: float
    died: bool


class Rack:
    """Where trials are run, one after the other."""

    def __init__(self, folder: Path, ehr: SandboxHandle, server: ForkServer, seed: int) -> None:
        self._folder, self._ehr, self._server = folder, ehr, server
        self._seed = seed
        self._base = folder / "base"

    def prepare(self) -> Counts:
        """Make a profile that has been in use, and count the points of a way."""
        warm, first, used, new = (
            self._job(Trial(number=-number, group=Group.AWAIT, is_new=number == 4))
            for number in (1, 2, 3, 4)
        )
        for job in (warm, first, used):
            _register_cuff(job.root)
        self._server.warm(warm)
        _require(self._server.run(first))
        first.root.rename(self._base)
        again = replace(used, work=Work.RECOVERY)
        return Counts(
            used=_require(self._server.run(used)).counted(),
            recovery=_require(self._server.run(again)).counted(),
            new=_require(self._server.run(new)).counted(),
        )

    def run(self, trial: Trial, *, is_honest: bool = True) -> Result:
        """Run one trial and judge it; a disk that is not honest has synced nothing."""
        began = time.perf_counter()
        job = self._job(trial)
        inodes = inodes_below(job.root)
        told = [self._server.run(job)]
        if trial.fate is not None:
            base = None if trial.is_new else self._base
            disk = CutDisk(job.root, base)
            steps = journal_of(job.journal)
            disk.follow(steps if is_honest else filter(_is_no_sync, steps), inodes)
            disk.write(trial.fate, random.Random(f"{self._seed}/{trial.number}"))  # noqa: S311
        again = replace(job, work=Work.RECOVERY, kill=None, full_from=None)
        if trial.again is not None:
            told.append(self._server.run(replace(again, kill=trial.again)))
        recovery = self._server.run(again)
        verdict = judge(job, told, recovery, self._ehr.store)
        if verdict.is_clean:
            shutil.rmtree(job.root)
            job.journal.unlink(missing_ok=True)
        return Result(
            trial=trial,
            stage=told[0].stage,
            verdict=verdict,
            recovered_ms=max(recovery.numbers("recovered"), default=0),
            whole_ms=(time.perf_counter() - began) * 1000,
            died=told[0].code != 0,
        )

    def _job(self, trial: Trial) -> Job:
        """Make the patients, the profile and the values of a trial."""
        chance = random.Random(f"{self._seed}:{trial.number}")  # noqa: S311 - repeatable values
        patients = [f"run{trial.number}-{n}" for n in (0, 1)]
        with self._ehr.store.draft() as draft:
            for patient in patients:
                draft.write("Patient", patient, {"resourceType": "Patient", "active": True})
        waiting, live = (
            Measured(
                patient=f"Patient/{patient}",
                systolic=systolic,
                diastolic=chance.randint(60, 95),
                pulse=chance.randint(50, 99),
            )
            for patient, systolic in zip(patients, chance.sample(range(100, 200), 2), strict=True)
        )
        root = self._folder / f"run{trial.number}"
        if self._base.exists() and not trial.is_new:
            shutil.copytree(self._base, root)
        else:
            root.mkdir()
        return Job(
            work=Work.WAY,
            root=root,
            url=self._ehr.base_url,
            waiting=[] if trial.is_new else [waiting],
            live=live,
            kill=trial.kill,
            full_from=trial.full_from,
            dies_full=trial.group is Group.FULL_KILLED,
        )


def _is_no_sync(step: Step) -> bool:
    return step.kind not in {StepKind.SYNC, StepKind.SYNC_FOLDER}


@contextmanager
def rack(folder: Path, seed: int) -> Iterator[Rack]:
    """Set the rack up in an empty folder while the block lasts."""
    # A client that dies in the middle of its request is what the server meets here all the time.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        shim = None if missing() else build(folder)
        ehr = stack.enter_context(sandbox_ehr_in_thread())
        server = stack.enter_context(ForkServer(shim, folder / "reports.txt"))
        yield Rack(folder, ehr, server, seed)


def _require(told: Told) -> Told:
    assert told.code == 0, f"the way without any torture failed with {told.code}"
    return told


def _register_cuff(root: Path) -> None:
    profile = root / "profile"
    profile.mkdir(mode=0o700)
    identity = DeviceIdentity(manufacturer="Omron", address=CUFF_ADDRESS)
    DeviceRegistry(profile / "devices.json").add(
        EnrolledDevice(identity=identity, driver="blood-pressure", enrolled_at=system_now())
    )
