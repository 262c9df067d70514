"""A Linux kiosk: the units say what they must, and the keyring is unlocked by a pipe.

systemd itself does not run here: what it hands to a unit is made by its own tool, where that is
installed, and lies where a unit finds it.
"""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ohx_desktop.keystore import CREDENTIAL, SystemdCredential

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")

LINUX = Path(__file__).parents[2] / "packaging" / "linux"
UNLOCK = LINUX / "ohx-unlock-keyring"
UNITS = sorted(LINUX.glob("*.service"))
PASSWORD = "the password of the keyring"  # noqa: S105 - of the test
DAEMON = os.environ.get("OHX_KEYRING_DAEMON") or shutil.which("gnome-keyring-daemon")
DEADLINE_S = 60.0


# ── systemd ──────────────────────────────────────────────────────────────────────────────────


def service(unit: Path) -> configparser.SectionProxy:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment] - the names of systemd have capitals
    parsed.read(unit)
    return parsed["Service"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_hands_the_secret_over_sealed_and_in_no_environment(unit: Path) -> None:
    section = service(unit)
    name, _, file = section["LoadCredentialEncrypted"].partition(":")
    assert name == ("ohx-keyring-password" if "keyring" in unit.name else CREDENTIAL)
    assert name in UNLOCK.read_text() or name == CREDENTIAL
    assert Path(file).is_absolute()
    assert not {"Environment", "SetCredential", "LoadCredential"} & set(section)
    assert section["LimitCORE"] == "0", "a dump of the memory holds readings and the key"
    assert section["User"] != "root"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_the_unit(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    complaints = [
        line
        for line in done.stderr.splitlines()
        # The programs are not installed where this runs.
        if unit.name in line and "is not executable" not in line
    ]
    assert complaints == []


@pytest.mark.skipif(not shutil.which("systemd-creds"), reason="systemd-creds is not installed")
def test_a_key_made_by_systemd_creds_is_the_one_the_program_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, sealed = os.urandom(32), tmp_path / "ohx-store-key.cred"
    handed = tmp_path / "credentials"
    handed.mkdir()
    # A key of this test in place of the host's own.
    where = {**os.environ, "SYSTEMD_CREDENTIAL_SECRET": str(tmp_path / "host.secret")}

    def creds(*arguments: str, given: bytes | None = None) -> None:
        done = subprocess.run(
            ["systemd-creds", *arguments],
            input=given,
            env=where,
            capture_output=True,
            timeout=DEADLINE_S,
            check=False,
        )
        if done.returncode and b"denied" in done.stderr:
            pytest.skip("systemd-creds may not be used by this account")
        assert done.returncode == 0, done.stderr

    creds("encrypt", "--with-key=host", f"--name={CREDENTIAL}", "-", str(sealed), given=key)
    assert key not in sealed.read_bytes()
    creds("decrypt", f"--name={CREDENTIAL}", str(sealed), str(handed / CREDENTIAL))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    assert SystemdCredential().load() == key


# ── the keyring that a unit unlocks ──────────────────────────────────────────────────────────


def credentials(folder: Path, password: str = PASSWORD) -> dict[str, str]:
    """Return an environment like that of a unit with the credential."""
    handed = folder / "credentials"
    handed.mkdir(exist_ok=True)
    (handed / "ohx-keyring-password").write_text(password)
    foreign = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND")
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, "CREDENTIALS_DIRECTORY": str(handed)}


def run(*command: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )


def test_the_password_goes_through_a_pipe_and_the_program_takes_over(tmp_path: Path) -> None:
    daemon = tmp_path / "daemon"
    daemon.write_text(
        "#!/bin/sh\n"
        f'printf "%s " "$@" > "{tmp_path}/arguments"; env > "{tmp_path}/environment"\n'
        f'cat > "{tmp_path}/stdin"\n'
    )
    daemon.chmod(0o700)
    env = {**credentials(tmp_path), "OHX_KEYRING_DAEMON": str(daemon)}
    done = run(str(UNLOCK), "printf", "%s|", "a b", "c", env=env)
    assert (done.returncode, done.stdout) == (0, "a b|c|")
    assert (tmp_path / "stdin").read_text() == PASSWORD
    assert (tmp_path / "arguments").read_text().split() == ["--unlock", "--components=secrets"]
    assert PASSWORD not in (tmp_path / "environment").read_text()


@pytest.mark.parametrize("lacking", ["credentials", "the password", "a daemon that opens it"])
def test_a_keyring_that_stays_locked_starts_no_program(tmp_path: Path, lacking: str) -> None:
    env = credentials(tmp_path, "" if lacking == "the password" else PASSWORD)
    env["OHX_KEYRING_DAEMON"] = "false" if lacking.startswith("a daemon") else "true"
    if lacking == "credentials":
        del env["CREDENTIALS_DIRECTORY"]
    done = run(str(UNLOCK), "echo", "started", env=env)
    assert done.returncode != 0
    assert "started" not in done.stdout


_USE = """
import sys
from pathlib import Path
from ohx_desktop.keystore import SystemKeyring
keyring = SystemKeyring(Path(sys.argv[1]))
print((keyring.load() or keyring.create()).hex())
"""


@pytest.mark.skipif(DAEMON is None, reason="gnome-keyring-daemon is not installed")
@pytest.mark.skipif(not shutil.which("dbus-run-session"), reason="dbus-run-session is missing")
def test_a_real_keyring_is_unlocked_and_keeps_the_key(tmp_path: Path) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)

    def session(password: str) -> subprocess.CompletedProcess[str]:
        env = {
            **credentials(tmp_path, password),
            "HOME": str(tmp_path),
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "XDG_RUNTIME_DIR": str(runtime),
            "OHX_KEYRING_DAEMON": str(DAEMON),
        }
        command = ("dbus-run-session", "--", str(UNLOCK), sys.executable, "-c", _USE, str(tmp_path))
        return run(*command, env=env)

    first, again = session(PASSWORD), session(PASSWORD)
    assert first.returncode == 0, first.stderr
    assert len(first.stdout.strip()) == 64
    assert again.stdout == first.stdout
    wrong = session("another password")
    assert wrong.returncode != 0
    assert "KeyringLocked" in wrong.stderr
