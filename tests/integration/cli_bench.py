"""The program as an outsider has it: a command, a profile, a Bluetooth bench and an EHR.

Every command runs in a process of its own, and so do the bench (emulated BlueZ with a cuff) and
the sandbox EHR. Nothing of the program is imported but to write readings down.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, TypeVar
from uuid import uuid4

import httpx

from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.domain.reading_json import reading_to_json
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.settings.profile import Profile

# Another process finds what is kept again: a store in a file that the test names.
FILE_KEYRING = """
import json, os
from pathlib import Path
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

class Kept(KeyringBackend):
    priority = 9.0
    path = Path(os.environ["TEST_KEYRING_FILE"])

    def _all(self):
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def get_password(self, service, username):
        return self._all().get(f"{service}/{username}")

    def set_password(self, service, username, password):
        self.path.write_text(json.dumps({**self._all(), f"{service}/{username}": password}))

    def delete_password(self, service, username):
        rest = self._all()
        del rest[f"{service}/{username}"]
        self.path.write_text(json.dumps(rest))

class Locked(Kept):
    def get_password(self, service, username):
        raise KeyringLocked("no prompt here")

    def set_password(self, service, username, password):
        raise KeyringLocked("no prompt here")
"""

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

PATIENT = "Patient/pat-4711"
ANOTHER_PATIENT = "Patient/pat-4712"
PRACTITIONER = "Practitioner/prac-12"
MRN_SYSTEM = "urn:oid:1.2.3.4.5"
LISTED = (
    "id",
    "reading_id",
    "state",
    "attempts",
    "next_attempt",
    "last_error",
    "ehr_reference",
    "kind",
    "is_doubtful",
    "corrects",
    "arrived_at",
    "reason",
)

COMMAND_DEADLINE_S = 60.0
# Variables that would let the surroundings of the test run decide.
_FOREIGN = ("OHX_", "PYTHON_KEYRING_BACKEND", "DBUS_", "QT_QPA_PLATFORM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def objects(self) -> list[Any]:
        """What stdout carried, an object a line; fails where a line is none."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def error(self) -> dict[str, str]:
        """The error object, which is the last thing on stdout."""
        found: dict[str, str] = self.objects[-1]["error"]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Workstation:
    """A profile in a folder of its own, and the surroundings its commands run in."""

    profile: Path
    surroundings: Mapping[str, str]

    def configure(self, text: str) -> None:
        """Write the settings of the profile."""
        self.profile.mkdir(parents=True, exist_ok=True)
        (self.profile / "config.toml").write_text(text, encoding="utf-8")

    def run(self, *arguments: str, stdin: str | bytes = b"", **surroundings: str) -> Run:
        """Run a command with `--json` on this profile."""
        return run_program(
            "--profile",
            str(self.profile),
            "--json",
            *arguments,
            stdin=stdin,
            surroundings={**self.surroundings, **surroundings},
        )

    def queue(self) -> list[Any]:
        """Return what the queue lists."""
        listed = self.run("queue", "list")
        assert listed.code == 0, listed.stderr
        return listed.objects


def run_program(
    *arguments: str, stdin: str | bytes = b"", surroundings: Mapping[str, str] | None = None
) -> Run:
    """Run the program to its end, in a clean environment."""
    done = subprocess.run(
        [sys.executable, "-m", "ohx_desktop", *arguments],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        env=environment(surroundings or {}),
        capture_output=True,
        timeout=COMMAND_DEADLINE_S,
        check=False,
    )
    run = Run(code=done.returncode, stdout=done.stdout.decode(), stderr=done.stderr.decode())
    assert "Traceback" not in run.stderr or "--debug" in arguments, run.stderr
    return run


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return this environment without what would point elsewhere, and with `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, **more}


def workstation(folder: Path, *, base_url: str | None = None, **surroundings: str) -> Workstation:
    """Make a profile whose key lies in a file, with or without an EHR."""
    station = Workstation(profile=folder / "profile", surroundings=surroundings)
    ehr = f'[ehr]\nbase_url = "{base_url}"\npatient_identifier_system = "{MRN_SYSTEM}"\n'
    store = f'[store]\nkey_source = "file"\nkey_file = "{folder / "store.key"}"\n'
    station.configure((ehr if base_url else "") + store)
    return station


def workstation_with_keyring(folder: Path) -> Workstation:
    """Make a profile without settings of its own, and a keyring for it."""
    (folder / "kept_keyring.py").write_text(FILE_KEYRING)
    return Workstation(
        profile=folder / "profile",
        surroundings={
            "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]),
            "PYTHON_KEYRING_BACKEND": "kept_keyring.Kept",
            "TEST_KEYRING_FILE": str(folder / "keyring.json"),
        },
    )


@contextmanager
def played(plays: Mapping[K, Callable[[], T]], *, at_once: int) -> Iterator[Callable[[K], T]]:
    """Begin all plays, so many at once, and yield what waits for the result of one."""
    with ThreadPoolExecutor(at_once) as threads:
        results = {name: threads.submit(play) for name, play in plays.items()}
        yield lambda name: results[name].result()


# ── readings ─────────────────────────────────────────────────────────────────────────────────


def reading_line(minute: int = 0, *, systolic: str = "128", diastolic: str = "82") -> str:
    """Return a reading as `read --json` prints it, another one for each minute."""
    return json.dumps(reading_to_json(_reading(minute, systolic, diastolic)))


def _reading(minute: int, systolic: str, diastolic: str) -> Reading:
    measured = datetime(2026, 11, 23, 10, 15, tzinfo=UTC) + timedelta(minutes=minute)
    values = (
        (QuantityKind.SYSTOLIC_BLOOD_PRESSURE, systolic, Unit.MM_HG),
        (QuantityKind.DIASTOLIC_BLOOD_PRESSURE, diastolic, Unit.MM_HG),
        (QuantityKind.PULSE_RATE, "71", Unit.PER_MINUTE),
    )
    return Reading(
        source=Source.BLUETOOTH,
        device=DeviceIdentity(manufacturer="OMRON", model="HEM-7155T", address="00:5F:BF:12:34:56"),
        measured_at=measured,
        received_at=measured,
        clock=DeviceClock(
            device=measured.replace(tzinfo=None), offset_s=0.0, trust=ClockTrust.DEVICE
        ),
        quantities=tuple(
            Quantity(kind=kind, value=Decimal(value), unit=unit) for kind, value, unit in values
        ),
    )


# ── the EHR ──────────────────────────────────────────────────────────────────────────────────


class EhrProcess:
    """A sandbox EHR in another process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.base_url: str = _line(process)["base_url"]

    def arm(self, fault: str, **particulars: Any) -> None:
        """Let requests meet a fault; see `ohx_desktop.virtual.ehr.faults`."""
        self._ask({"arm": fault, **particulars})

    def disarm(self) -> None:
        """Take all faults back."""
        self._ask({"disarm": ""})

    def register(self, client_id: str, **proof: Any) -> None:
        """Let a program ask for tokens, by `secret` or `jwks`."""
        self._ask({"register": client_id, **proof})

    def observations(self, minute: int) -> list[Any]:
        """Return the blood-pressure Observations of the reading of this minute."""
        measured = _reading(minute, "128", "82").measured_at
        assert measured is not None
        answer = httpx.get(
            f"{self.base_url}/Observation",
            params={"code": "http://loinc.org|85354-9", "_count": "100"},
            trust_env=False,
        )
        page = answer.raise_for_status().json()
        entries = page.get("entry", [])
        assert len(entries) == page["total"], "more than one page of readings"
        return [
            entry["resource"]
            for entry in entries
            if "component" in entry["resource"]
            and datetime.fromisoformat(entry["resource"]["effectiveDateTime"]) == measured
        ]

    def _ask(self, line: dict[str, Any]) -> None:
        _write(self._process.stdin, json.dumps(line))
        assert _line(self._process) == {"done": True}


@contextmanager
def ehr_process(*arguments: str) -> Iterator[EhrProcess]:
    """Run a sandbox EHR while the block lasts."""
    with _companion("ohx_desktop.virtual.ehr", *arguments) as process:
        yield EhrProcess(process)


# ── the Bluetooth bench ──────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A cuff behind an emulated BlueZ in another process."""

    bus: str
    sysfs: str
    address: str
    passkey: str
    process: "subprocess.Popen[str]"

    @property
    def surroundings(self) -> dict[str, str]:
        """What points a program at the computer of this bench."""
        return {"DBUS_SYSTEM_BUS_ADDRESS": self.bus, "SYSFS_PATH": self.sysfs}

    def measure(self) -> None:
        """Let the cuff measure once more."""
        _write(self.process.stdin, "measure")


@contextmanager
def bench(scenario: str) -> Iterator[Bench]:
    """Run a bench while the block lasts."""
    with _companion("ohx_desktop.virtual.bench", "--scenario", scenario) as process:
        facts = _line(process)
        yield Bench(
            bus=facts["DBUS_SYSTEM_BUS_ADDRESS"],
            sysfs=facts["SYSFS_PATH"],
            address=facts["address"],
            passkey=facts["passkey"],
            process=process,
        )


@contextmanager
def _companion(module: str, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    """Run a module that lives as long as its stdin is open."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment({}),
        text=True,
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(COMMAND_DEADLINE_S)


def _line(process: "subprocess.Popen[str]") -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def _write(stdin: IO[str] | None, line: str) -> None:
    assert stdin is not None
    stdin.write(f"{line}\n")
    stdin.flush()


def damage_queue(profile: Path, *, readings: int = 12) -> None:
    """Put a queue with a broken page, and its key, into a profile; one reading is lost by that."""
    key = secrets.token_bytes(32)
    (profile / "config.toml").write_text(
        f"[store]\nkey_source = 'file'\nkey_file = '{profile / 'key'}'\n"
    )
    (profile / "key").write_text(key.hex())
    (profile / "key").chmod(0o600)
    database = Profile.at(profile).database
    store = OutboxStore.open(database, key)
    for _ in range(readings):
        store.enqueue(
            reading_id=uuid4(),
            patient=PATIENT,
            submission=b"submission",
            bundle=secrets.token_bytes(9_000),
            frames=(b"frame",),
        )
    store.close()
    raw = bytearray(database.read_bytes())
    # The last page is the end of the last reading.
    raw[-2000] ^= 1
    database.write_bytes(raw)
