import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import httpx
import pytest
from ehr_samples import FHIR_JSON, body, pulse

from ohx_desktop.virtual.ehr import Fault, SandboxEhr, sandbox_ehr_in_thread

Process = subprocess.Popen[str]


def test_the_server_on_its_own_thread_serves_and_is_gone_afterwards() -> None:
    with sandbox_ehr_in_thread() as handle:
        address = f"{handle.base_url}/Observation"
        assert httpx.post(address, content=body(pulse()), headers=FHIR_JSON).status_code == 201
        assert handle.store.count("Observation") == 1
        handle.faults.arm(Fault.UNAVAILABLE)
        assert httpx.get(address).status_code == 503
        assert [exchange.status for exchange in handle.exchanges] == [201, 503]
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)
    assert "sandbox-ehr" not in {thread.name for thread in threading.enumerate()}


def test_a_port_that_is_taken_is_reported_to_the_caller() -> None:
    with sandbox_ehr_in_thread() as handle:
        port = httpx.URL(handle.base_url).port
        assert port is not None
        with pytest.raises(OSError, match=r"address|Address"), sandbox_ehr_in_thread(port=port):
            pytest.fail("two servers on one port")


async def test_a_server_starts_once_and_keeps_its_store_over_a_restart() -> None:
    ehr = SandboxEhr(seeded=False)
    await ehr.start()
    with pytest.raises(RuntimeError):
        await ehr.start()
    with ehr.store.draft() as draft:
        draft.write("Device", "a", {"resourceType": "Device"})
    await ehr.stop()
    await ehr.stop()
    base_url = await ehr.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{base_url}/Device/a")).status_code == 200
    await ehr.stop()


def test_importing_the_package_imports_no_heavy_library() -> None:
    script = (
        "import sys, ohx_desktop.virtual.ehr;"
        "sys.exit(any(name in sys.modules for name in ('aiohttp', 'jsonschema')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.fixture
def process() -> Iterator[Process]:
    command = [sys.executable, "-m", "ohx_desktop.virtual.ehr"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        yield running
        running.kill()


def line(process: Process) -> dict[str, object]:
    assert process.stdout is not None
    said: dict[str, object] = json.loads(process.stdout.readline())
    return said


def tell(process: Process, command: str) -> dict[str, object]:
    assert process.stdin is not None
    process.stdin.write(f"{command}\n")
    process.stdin.flush()
    return line(process)


def test_the_process_serves_obeys_and_ends_with_its_input(process: Process) -> None:
    address = f"{line(process)['base_url']}/metadata"
    arm = '{"arm": "unavailable", "retry_after": "2026-11-23T09:41:07+00:00"}'
    assert tell(process, arm) == {"done": True}
    refused = httpx.get(address)
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "Mon, 23 Nov 2026 09:41:07 GMT"
    assert "error" in tell(process, '{"arm": "nonsense"}')
    assert "error" in tell(process, "[]")
    assert tell(process, '{"disarm": ""}') == {"done": True}
    assert httpx.get(address).status_code == 200
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to handle")
def test_the_process_ends_cleanly_on_sigterm(process: Process) -> None:
    line(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
