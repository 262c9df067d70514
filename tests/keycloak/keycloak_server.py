"""Fetch, start and stop a Keycloak for tests (see README.md)."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "26.4.7"
_JAVA = 21
_TARGET = Path(__file__).parent / "target"
_HOME = _TARGET / f"keycloak-{VERSION}"
_LOG = _TARGET / "keycloak.log"
_FETCH_LOG = _TARGET / "fetch.log"
_FETCH_SECONDS = 600  # some 160 MB
_START_SECONDS = 240
_STOP_SECONDS = 20


def why_not() -> str | None:
    """Tell in one sentence why Keycloak cannot run here; None when it is here and can."""
    if os.name == "nt":
        return "Keycloak is started by a shell script here, which Windows has not."
    if _jdk() is None:
        return f"Keycloak needs a JDK {_JAVA} or newer; none is in JAVA_HOME or /usr/lib/jvm."
    if _HOME.exists():
        return None
    if shutil.which("mvn") is None:
        return "Keycloak is fetched by mvn, which is not on the PATH."
    problem = _fetch()
    return problem and f"Maven could not fetch Keycloak {VERSION}: {problem} (see {_FETCH_LOG})."


@contextmanager
def keycloak_server(realm: dict[str, Any]) -> Iterator[str]:
    """Run a Keycloak that has this realm and nothing else; yield the realm's address (issuer)."""
    if reason := why_not():
        raise RuntimeError(reason)
    jdk = _jdk()
    port = _free_port()
    shutil.rmtree(_HOME / "data", ignore_errors=True)
    imported = _HOME / "data" / "import"
    imported.mkdir(parents=True)
    (imported / "realm.json").write_text(json.dumps(realm))
    command = [
        str(_HOME / "bin" / "kc.sh"),
        *("start-dev", "--db=dev-mem", "--import-realm", "--http-host=127.0.0.1"),
        f"--http-port={port}",
    ]
    environment = {
        **os.environ,
        "JAVA_HOME": str(jdk),
        "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m",
        "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1",
    }
    path = f"/realms/{realm['realm']}"
    with (
        _LOG.open("wb") as log,
        # The script becomes the server (exec), so that ending it ends the server.
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
        ) as process,
    ):
        try:
            _wait_until_ready(process, port, path)
            yield f"http://127.0.0.1:{port}{path}"
        finally:
            _stop(process)


def _jdk() -> Path | None:
    """Return the home of a JDK that is new enough."""
    named = os.environ.get("JAVA_HOME")
    homes = [*([Path(named)] if named else []), *sorted(Path("/usr/lib/jvm").glob("*"))]
    return next((home for home in homes if _java_version(home) >= _JAVA), None)


def _java_version(home: Path) -> int:
    release = home / "release"
    if not (home / "bin" / "java").exists() or not release.exists():
        return 0
    found = re.search(r'JAVA_VERSION="(\d+)', release.read_text(errors="replace"))
    return int(found[1]) if found else 0


def _fetch() -> str | None:
    """Have Maven unpack the distribution and return what went wrong."""
    _TARGET.mkdir(exist_ok=True)
    command = [
        shutil.which("mvn") or "mvn",
        *("-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack"),
        f"-Dartifact=org.keycloak:keycloak-quarkus-dist:{VERSION}:tar.gz",
        f"-DoutputDirectory={_TARGET}",
    ]
    try:
        with _FETCH_LOG.open("wb") as log:
            subprocess.run(
                command,
                check=True,
                cwd=_TARGET,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=_FETCH_SECONDS,
            )
    except subprocess.TimeoutExpired:
        return f"not done after {_FETCH_SECONDS} s"
    except subprocess.CalledProcessError as error:
        lines = _FETCH_LOG.read_text(errors="replace").splitlines()
        errors = (line.partition("[ERROR] ")[2].strip(" .:") for line in lines)
        return next(filter(None, errors), f"exit code {error.returncode}")
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(port, path):
        if process.poll() is not None:
            raise RuntimeError(f"Keycloak ended with {process.returncode}; see {_LOG}.")
        if time.monotonic() > deadline:
            raise RuntimeError(f"Keycloak did not answer within {_START_SECONDS} s; see {_LOG}.")
        time.sleep(0.5)


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
