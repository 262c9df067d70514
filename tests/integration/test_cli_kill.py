"""The program itself, killed between confirmation and acknowledgement: one Observation each time.

The real command with the real client, killed at a random moment after the reading was confirmed,
then started again. OHX_CLI_KILL_RUNS sets how many (default 6), OHX_KILL_SEED repeats a series.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_bench import PATIENT, Workstation, ehr_process, environment, reading_line, workstation

RUNS = int(os.environ.get("OHX_CLI_KILL_RUNS", "6"))
SEED = int(os.environ.get("OHX_KILL_SEED", str(random.SystemRandom().randrange(2**32))))


def submit_and_kill(station: Workstation, line: str, after_s: float) -> None:
    """Confirm a reading and kill the process with it."""
    arguments = ["--profile", str(station.profile), "submit", "-", "--patient", PATIENT, "--wait"]
    with subprocess.Popen(
        [sys.executable, "-m", "ohx_desktop", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(station.surroundings),
    ) as process:
        assert process.stdin is not None
        process.stdin.write(line)
        process.stdin.close()
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)


@pytest.mark.kill
@pytest.mark.timeout(900)
def test_killed_on_its_way_a_confirmed_reading_arrives_exactly_once(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - a repeatable series
    found_again = 0
    with ehr_process() as ehr:
        station = workstation(tmp_path, base_url=ehr.base_url)
        began = time.monotonic()
        submit_and_kill(station, reading_line(RUNS), after_s=60)
        whole_s = time.monotonic() - began  # an undisturbed way; its first half is imports
        for minute in range(RUNS):
            # The slowest answers leave the most room between "sent" and "acknowledged".
            ehr.arm("delay", times=1, scope="writes", delay_s=chance.choice([0.0, 0.2]))
            submit_and_kill(station, reading_line(minute), chance.uniform(0.5, 1.1) * whole_s)
            ehr.disarm()
            told = f"run {minute} of seed {SEED}"
            queued = [e for e in station.queue() if e["state"] not in {"acknowledged", "verified"}]
            found_again += bool(queued)
            # Started again; who was killed before the reading was durable confirms it again.
            again = station.run(
                "submit", "-", "--patient", PATIENT, "--wait", stdin=reading_line(minute)
            )
            assert again.code == 0, (told, again.stderr)
            assert len(ehr.observations(minute)) == 1, told
    print(f"\n{RUNS} kills, seed {SEED}: {found_again} found in the queue")  # noqa: T201 - the figure
