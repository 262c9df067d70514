"""Build, start and stop the HAPI FHIR servers that live beside this file (see README.md)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parent
_TARGET = _HERE / "target"
_STAMP = _TARGET / "built"  # touched after every good build; Maven's own files keep older times
_BUILD_LOG = _TARGET / "build.log"
_LOG = _TARGET / "server.log"
_BUILD_SECONDS = 900  # a first build downloads some 300 MB
_START_SECONDS = 240
_STOP_SECONDS = 20


def why_not() -> str | None:
    """Tell in one sentence why the server cannot run here; None when it is built and can.

    Builds where needed, because only a build shows whether Maven reaches its artifacts.
    """
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            return f"The HAPI server needs {tool}, which is not on the PATH."
    if _is_built():
        return None
    problem = _build()
    return problem and f"Maven could not build the HAPI server: {problem} (see {_BUILD_LOG})."


@contextmanager
def hapi_server() -> Iterator[str]:
    """Run empty servers on a free loopback port; yield its URL, under which are r5/ and r4/fhir."""
    if reason := why_not():
        raise RuntimeError(reason)
    port = _free_port()
    command = [
        _tool("java"),
        "-Xmx3g",
        # It lives for minutes: compiling and collecting cheaply costs less than doing it well.
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
        os.pathsep.join([str(_TARGET / "classes"), str(_TARGET / "lib" / "*")]),
        "org.openhealthexchange.hapi.HapiServer",
        str(port),
    ]
    with (
        _LOG.open("wb") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log) as process,
    ):
        try:
            _wait_until_ready(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            _stop(process)


def _is_built() -> bool:
    sources = [_HERE / "pom.xml", *(p for p in (_HERE / "src").rglob("*") if p.is_file())]
    newest = max(source.stat().st_mtime for source in sources)
    return _STAMP.exists() and _STAMP.stat().st_mtime >= newest


def _build() -> str | None:
    """Run Maven and return what went wrong."""
    _TARGET.mkdir(exist_ok=True)
    command = [_tool("mvn"), "-q", "-B", "-f", str(_HERE / "pom.xml"), "compile"]
    try:
        with _BUILD_LOG.open("wb") as log:
            subprocess.run(
                command,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=_BUILD_SECONDS,
            )
    except subprocess.TimeoutExpired:
        return f"not done after {_BUILD_SECONDS} s"
    except subprocess.CalledProcessError as error:
        lines = _BUILD_LOG.read_text(errors="replace").splitlines()
        # Not startswith: Maven may put the escape codes of colours before the word.
        errors = (line.partition("[ERROR] ")[2].strip(" .:") for line in lines)
        return next(filter(None, errors), f"exit code {error.returncode}")
    _STAMP.touch()
    return None


def _tool(name: str) -> str:
    # The full path, because Windows does not start mvn.cmd under the name "mvn".
    return shutil.which(name) or name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(port):
        if process.poll() is not None:
            raise RuntimeError(f"HAPI ended with {process.returncode} while starting; see {_LOG}.")
        if time.monotonic() > deadline:
            raise RuntimeError(f"HAPI did not answer within {_START_SECONDS} s; see {_LOG}.")
        time.sleep(0.5)


def _answers(port: int) -> bool:
    # http.client and not urllib, which would ask a configured proxy for the loopback address.
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/r5/fhir/metadata")  # it listens once both are up
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()  # HapiServer serves until its input ends
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
