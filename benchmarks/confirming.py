"""From a person's confirmation to the EHR's acknowledgement, against one bare POST.

Both take fresh readings to the same sandbox EHR, a process of its own. Ours: map, commit to the
encrypted queue, send, read the answer and tell it (it is noted and erased right behind that). The
bare way: an httpx client, warmed, and the finished bytes.
"""

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx
from child import child_process
from figure import Figure
from readings import readings

from ohx_desktop.app import FilingDesk, open_desk, open_maker
from ohx_desktop.domain.reading import Reading
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.fhir.mapping import transaction_bundle
from ohx_desktop.outbox.states import ARRIVED, EntryState
from ohx_desktop.virtual.ehr.seed import PATIENT, PRACTITIONER

_READINGS = 60
_WARM_UP = 5
_TARGET = 1.2
_PATIENT = f"Patient/{PATIENT}"
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


async def measure() -> list[Figure]:
    """Return the one figure."""
    saved_ms: list[float] = []
    ours_ms: list[float] = []
    bare_ms: list[float] = []
    fresh = readings()
    with TemporaryDirectory(prefix="ohx-bench-") as folder:
        async with child_process("-m", "ohx_desktop.virtual.ehr") as ehr:
            base_url = (await ehr.hear())["base_url"]
            profile = _profile(Path(folder), base_url)
            maker = open_maker(profile)
            async with open_desk(profile, sending=True) as desk, httpx.AsyncClient() as client:
                for _ in range(_WARM_UP + _READINGS):
                    saved, acknowledged = await _ours(desk, next(fresh))
                    saved_ms.append(saved)
                    ours_ms.append(acknowledged)
                    submission = maker.submission(next(fresh), patient=_PATIENT)
                    body = encode(transaction_bundle(submission))
                    bare_ms.append(await _bare(client, base_url, body))
    return [
        Figure(
            name="confirmed to acknowledged",
            ours_ms=ours_ms[_WARM_UP:],
            bare_ms=bare_ms[_WARM_UP:],
            target=_TARGET,
            parts_ms={"confirmed to saved": median(saved_ms[_WARM_UP:])},
        )
    ]


async def _ours(desk: FilingDesk, reading: Reading) -> tuple[float, float]:
    """Return the milliseconds until saved and until acknowledged."""
    acknowledged_ns = 0
    began_ns = time.monotonic_ns()
    entry = await desk.filing.submit(reading, patient=_PATIENT)
    saved_ns = time.monotonic_ns()
    state = entry.state
    async for seen in desk.filing.progress(entry.id):
        state = seen.state
        if state in ARRIVED and not acknowledged_ns:
            acknowledged_ns = time.monotonic_ns()
    # The read-back is over, too, so that it does not disturb what is measured next.
    if state is not EntryState.VERIFIED:
        raise RuntimeError(f"the reading ended as {state}")
    return (saved_ns - began_ns) / 1e6, (acknowledged_ns - began_ns) / 1e6


async def _bare(client: httpx.AsyncClient, base_url: str, body: bytes) -> float:
    began_ns = time.monotonic_ns()
    response = await client.post(base_url, content=body, headers=_HEADERS)
    took_ns = time.monotonic_ns() - began_ns
    statuses = [entry["response"]["status"][:3] for entry in response.json()["entry"]]
    if "201" not in statuses:
        raise RuntimeError("the bare POST created nothing")
    return took_ns / 1e6


def _profile(folder: Path, base_url: str) -> Path:
    settings = _SETTINGS.format(
        base_url=base_url, practitioner=PRACTITIONER, key_file=folder / "store.key"
    )
    (folder / "config.toml").write_text(settings, encoding="utf-8")
    return folder
