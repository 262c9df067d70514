"""Whoever steals the disk reads nothing: no person, no value, no PIN, no secret, no token.

Real processes do everything the program can do with canaries in hand. At each step every byte of
every file they wrote is searched, in many forms, and the process list with it. The system's keyring
stands outside: it is the system's to protect.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import canaries
import pytest
from canaries import CANARIES, Canary, Hit, Search
from cli_bench import FILE_KEYRING, MRN_SYSTEM, PATIENT, environment, reading_line

from ohx_desktop.keystore.sources import pin_file
from ohx_desktop.virtual.ehr.authorization import Client
from ohx_desktop.virtual.ehr.faults import Fault, Scope
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr
from ohx_desktop.virtual.ehr.seed import PRACTITIONER

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

CHILD = Path(__file__).with_name("stolen_child.py")
STEP_S = 60.0
FOLDERS = ("profile", "home", "tmp", "cache", "config", "data", "state", "runtime", "cwd")

STEPS = {
    "work_the_window": (
        *("patient chosen", "captured", "queued", "verified", "refused", "left in the tray"),
        "crashed",
    ),
    "sign_in_and_die": ("signed in", "ehr down", "dying"),
}


class Disk:
    """The disk that is stolen, and the clinic around it."""

    def __init__(self, folder: Path, ehr: SandboxEhr, base_url: str) -> None:
        self.root = folder / "disk"
        self._keyring = folder / "keyring"
        for name in (*FOLDERS, "journal"):
            (self.root / name).mkdir(parents=True, mode=0o700)
        self._keyring.mkdir()
        (self._keyring / "kept_keyring.py").write_text(FILE_KEYRING)
        self.profile = self.root / "profile"
        self.ehr = ehr
        self.base_url = base_url
        self.tokens: set[str] = set()
        self.key = b""
        self.steps: list[str] = []

    @property
    def surroundings(self) -> dict[str, str]:
        """Where everything that a program may write goes."""
        place = {name: str(self.root / name) for name in FOLDERS}
        return environment(
            {
                "HOME": place["home"],
                "TMPDIR": place["tmp"],
                "XDG_CACHE_HOME": place["cache"],
                "XDG_CONFIG_HOME": place["config"],
                "XDG_DATA_HOME": place["data"],
                "XDG_STATE_HOME": place["state"],
                "XDG_RUNTIME_DIR": place["runtime"],
                "OHX_PROFILE": place["profile"],
                "PYTHONPATH": os.pathsep.join([str(self._keyring), *sys.path]),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHON_KEYRING_BACKEND": "kept_keyring.Kept",
                "TEST_KEYRING_FILE": str(self._keyring / "keyring.json"),
                "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self._keyring}/no-bus",
            }
        )

    def configure(self, *, auth: str, client: str, sign_in: str) -> None:
        """Write the settings."""
        (self.profile / "config.toml").write_text(
            f'[ehr]\nbase_url = "{self.base_url}"\n'
            f'patient_identifier_system = "{MRN_SYSTEM}"\n'
            f'[ehr.auth]\nmethod = "{auth}"\nclient_id = "{client}"\nstay_signed_in = true\n'
            f'[station]\nsign_in = "{sign_in}"\n[store]\nkey_source = "pin"\n'
        )

    async def start(self, *command: str, journal: str) -> asyncio.subprocess.Process:
        """Start a program; what it says on stderr goes where the system's journal would be."""
        with (self.root / "journal" / journal).open("ab") as stderr:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env=self.surroundings,
                cwd=self.root / "cwd",
                start_new_session=True,
            )

    async def run(self, *arguments: str, stdin: str = "", code: int = 0) -> list[Any]:
        """Run a command to its end and look; return what it printed."""
        process = await self.start("-m", "ohx_desktop", "--json", *arguments, journal="commands")
        seen = await asyncio.to_thread(self._search().in_process, process.pid)
        assert seen == [], arguments
        out, _ = await asyncio.wait_for(process.communicate(stdin.encode()), STEP_S)
        assert process.returncode == code, (arguments, out)
        await self.look(" ".join(arguments[:2]))
        return [json.loads(line) for line in out.decode().splitlines()]

    async def look(self, step: str, process: int | None = None) -> None:
        """Search everything there is now."""
        self._learn_tokens()
        hits = await asyncio.to_thread(self.hits, process)
        assert hits == [], step
        self.steps.append(step)

    def hits(self, process: int | None = None) -> list[Hit]:
        search = self._search()
        found = search.in_folder(self.root)
        return found + (search.in_process(process) if process else [])

    def _search(self) -> Search:
        more = [Canary(what="token", texts=tuple(sorted(self.tokens)))]
        if self.key:
            more.append(Canary(what="key of the queue", raw=(self.key,)))
        return Search(more)

    def _learn_tokens(self) -> None:
        server = self.ehr.authorization
        assert server is not None
        self.tokens |= {*server._tokens, *server._refresh}


@asynccontextmanager
async def clinic(folder: Path) -> AsyncIterator[Disk]:
    """Open a clinic whose EHR knows the canary and asks everybody for a token."""
    ehr = SandboxEhr(wants_sign_in=True)
    with ehr.store.draft() as draft:
        draft.write("Patient", canaries.PATIENT_ID, _patient())
    base_url = await ehr.start()
    assert ehr.authorization is not None
    ehr.authorization.register(Client(client_id="desk", secret=canaries.CLIENT_SECRET))
    ehr.authorization.register(Client(client_id="window"))
    try:
        yield Disk(folder, ehr, base_url)
    finally:
        await ehr.stop()


def _patient() -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": canaries.PATIENT_ID,
        "identifier": [{"system": MRN_SYSTEM, "value": canaries.NUMBER}],
        "active": True,
        "name": [{"family": canaries.FAMILY, "given": [canaries.GIVEN]}],
        "gender": "male",
        "birthDate": canaries.BORN,
    }


async def played(
    disk: Disk, scene: str, meanwhile: dict[str, Callable[[], Awaitable[None] | None]]
) -> list[str]:
    """Play a scene, look at every step of it, and return the files that Python wrote."""
    process = await disk.start(str(CHILD), scene, journal=scene)
    assert process.stdout is not None
    assert process.stdin is not None
    written: list[str] = []
    while line := await asyncio.wait_for(process.stdout.readline(), STEP_S):
        told = json.loads(line)
        assert "failed" not in told, told
        written = told.get("written", written)
        if "at" in told:
            await disk.look(f"{scene}: {told['at']}", process.pid)
            await asyncio.to_thread(meanwhile.get(told["at"], lambda: None))
            process.stdin.write(b"\n")
    await asyncio.wait_for(process.wait(), STEP_S)
    await disk.look(f"{scene}: ended")
    steps = [step for step in disk.steps if step.startswith(scene)]
    journal = (disk.root / "journal" / scene).read_text()
    assert steps == [f"{scene}: {step}" for step in (*STEPS[scene], "ended")], journal
    return written


# ── the search can find what it looks for ────────────────────────────────────────────────────


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.what)
def test_the_search_finds_every_canary_in_every_form(canary: Canary, tmp_path: Path) -> None:
    search = Search()
    for text in canary.texts:
        for form, written in canaries.written_forms(text):
            (tmp_path / "file").write_bytes(b"\x00\x17before" + written + b"after\xff")
            found = {hit.what for hit in search.in_folder(tmp_path)}
            assert canary.what in found, f"{text!r} as {form}"
    for raw in canary.raw:
        (tmp_path / "file").write_bytes(b"\x16" + raw + b"\xea")
        assert canary.what in {hit.what for hit in search.in_folder(tmp_path)}
    (tmp_path / "file").write_bytes(os.urandom(300_000))
    assert search.in_folder(tmp_path) == []


def test_the_search_finds_names_of_files_and_the_process_list(tmp_path: Path) -> None:
    (tmp_path / f"{canaries.FAMILY}.log").touch()
    assert {hit.what for hit in Search().in_folder(tmp_path)} == {"family name"}


async def test_the_search_finds_what_a_process_was_started_with() -> None:
    process = await asyncio.create_subprocess_exec(
        *("sleep", "60"), env={"PIN": canaries.STAFF_PIN, "PATH": os.environ["PATH"]}
    )
    try:
        found = await asyncio.to_thread(Search().in_process, process.pid)
        assert {hit.what for hit in found} == {"staff PIN"}
    finally:
        process.kill()
        await process.wait()


# ── and finds nothing ────────────────────────────────────────────────────────────────────────


@pytest.mark.timeout(300)
async def test_a_stolen_disk_tells_nothing_of_anybody(tmp_path: Path) -> None:
    async with clinic(tmp_path) as disk:
        faults = disk.ehr.faults
        down = lambda: faults.arm(Fault.DROP, times=None, scope=Scope.WRITES)  # noqa: E731 - a name
        who = f"Practitioner/{PRACTITIONER}"
        disk.configure(auth="client-credentials", client="desk", sign_in="pin")
        await disk.run("key", "create", stdin=f"{canaries.KEY_PIN}\n")
        opened = await asyncio.to_thread(pin_file(disk.profile, canaries.KEY_PIN).load)
        assert opened is not None
        disk.key = opened
        await disk.run("secret", "set", "ehr.client_secret", stdin=canaries.CLIENT_SECRET)
        await disk.run("secret", "set", "ehr.password", stdin=canaries.BASIC_SECRET)
        await disk.run("staff", "add", who, stdin="Grace Adeyemi")
        await disk.run("staff", "pin", who, stdin=canaries.STAFF_PIN)
        written = await played(disk, "work_the_window", {"captured": down, "queued": faults.disarm})
        assert '"event": "bug"' in (disk.profile / "logs" / "ohx-desktop.log").read_text()

        disk.configure(auth="smart-launch", client="window", sign_in="ehr")
        written += await played(disk, "sign_in_and_die", {"ehr down": down})
        assert len(disk.tokens) > 2, "no token travelled"

        disk.configure(auth="client-credentials", client="desk", sign_in="pin")
        await disk.run("key", "move", "--to", "keyring", stdin=f"{canaries.KEY_PIN}\n")
        await _commands(disk, who, faults.disarm)
        _lies_only_where_it_is_searched(written, tmp_path)
        _did_travel(disk)
        print(f"\n{len(disk.steps)} looks, {len(disk.tokens)} tokens")  # noqa: T201 - the figure


async def _commands(disk: Disk, who: str, up: Callable[[], None]) -> None:
    """Use what the command line has, with the EHR down first."""
    line = reading_line(systolic=canaries.SUBMITTED[0], diastolic=canaries.SUBMITTED[1])
    await disk.run("submit", "-", "--patient", PATIENT, "--performer", who, stdin=line)
    await disk.run("map", "-", "--patient", PATIENT, "--performer", who, stdin=line)
    listed = await disk.run("queue", "list")
    assert {entry["state"] for entry in listed} >= {"queued", "verified"}
    (tray, *_) = [one for one in await disk.run("tray", "list") if "id" in one]
    await disk.run("tray", "discard", tray["id"], "--reason", "not-a-patient")
    await disk.run("doctor", code=4)
    await disk.run("config", "show")
    await disk.run("key", "status", "--open")
    mapping = disk.root / "cwd" / "clinic.toml"
    mapping.write_text('[quantities.pulse_rate]\ntext = "Pulse"\n')
    await disk.run("mapping", "import", str(mapping))
    up()
    await disk.run("queue", "drain")
    await disk.run("queue", "verify")


def _lies_only_where_it_is_searched(written: list[str], folder: Path) -> None:
    """Fail for a file that was written outside the folders that are searched."""
    harmless = (str(folder), "/dev/", "/proc/")
    assert [path for path in written if not path.startswith(harmless)] == []


def _did_travel(disk: Disk) -> None:
    """Fail where a canary was not really in the program's hands."""
    chart = json.dumps(
        [version.resource for version in disk.ehr.store.versions("Observation")], default=str
    )
    for sent in (canaries.CONFIRMED, canaries.UNSENT, canaries.SUBMITTED):
        for value in sent[:2]:
            assert f'"value": {value}' in chart or f'"value": "{value}' in chart, sent
    assert canaries.PATIENT_ID in chart
    # What was found in the window came from the EHR with name, number and birth date.
    asked = [exchange.path for exchange in disk.ehr.exchanges]
    assert any("Patient" in path for path in asked)
    assert len(disk.steps) > 20
