"""One reading saved durably, against one bare insert of the same bytes.

Both go into SQLCipher files side by side, opened by the same function: same cipher, same flush at
each commit. Ours seals, indexes, recognises what it knows and looks into the tray; the bare way is
a table of a number and two blobs. They go first by turns, as whoever comes second finds the
engine's code warm.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from figure import Figure
from readings import readings

from ohx_desktop.desk.filing import SubmissionMaker
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.review.submission import Gateway
from ohx_desktop.review.submission_json import encode_submission
from ohx_desktop.storage.database import KEY_BYTES, Connection, connect, transaction

_READINGS = 300
_WARM_UP = 20
# 0.8 of the bare way's inserts a second.
_TARGET = 1.25
_KEY = bytes(range(KEY_BYTES))
_PATIENT = "Patient/1"
_TABLE = "CREATE TABLE reading (seq INTEGER PRIMARY KEY, submission BLOB, bundle BLOB) STRICT"
_INSERT = "INSERT INTO reading (submission, bundle) VALUES (?, ?)"


def measure() -> list[Figure]:
    """Return the one figure."""
    gateway = Gateway(installation=uuid4(), station="Benchmark", version="0.1.0")
    maker = SubmissionMaker(gateway=gateway, signed_in=lambda: "Practitioner/1")
    ours_ms: list[float] = []
    bare_ms: list[float] = []
    with TemporaryDirectory(prefix="ohx-bench-") as folder:
        store = OutboxStore.open(Path(folder, "outbox.db"), _KEY)
        bare = connect(Path(folder, "bare.db"), _KEY)
        bare.execute(_TABLE)
        for reading, number in zip(readings(), range(_WARM_UP + _READINGS), strict=False):
            confirmed = maker.submission(reading, patient=_PATIENT)
            submission = encode_submission(confirmed)
            bundle = encode(maker.bundle(confirmed))
            ours = partial(
                store.enqueue,
                reading_id=reading.id,
                patient=_PATIENT,
                submission=submission,
                bundle=bundle,
                frames=(b"frame",),
            )
            turns: list[tuple[list[float], Callable[[], object]]] = [
                (ours_ms, ours),
                (bare_ms, partial(_insert, bare, submission, bundle)),
            ]
            for took_ms, way in turns if number % 2 else reversed(turns):
                took_ms.append(_took_ms(way))
        bare.close()
        store.close()
    return [
        Figure(
            name="saved durably",
            ours_ms=ours_ms[_WARM_UP:],
            bare_ms=bare_ms[_WARM_UP:],
            target=_TARGET,
        )
    ]


def _insert(bare: Connection, submission: bytes, bundle: bytes) -> None:
    with transaction(bare):
        bare.execute(_INSERT, (submission, bundle))


def _took_ms(work: Callable[[], object]) -> float:
    began_ns = time.monotonic_ns()
    work()
    return (time.monotonic_ns() - began_ns) / 1e6
