"""What was acknowledged or discarded is really gone: every page of every file is decrypted here.

The pages are decrypted without SQLCipher (its design page: AES-256-CBC, the last 80 bytes of a
page are IV and HMAC), so that free pages and the log are seen as a thief with the key would.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from outbox_fakes import KEY, FakeClock, content

from ohx_desktop.outbox.store import OutboxStore

PAGE = 4096
RESERVED = 80
SALT = 16
LOG_HEADER, FRAME_HEADER = 32, 24
CANARIES = (b"CANARY-SUBMISSION", b"CANARY-BUNDLE", b"CANARY-FRAME", b"Patient/CANARY")


def decrypted(page: bytes, skip: int = 0) -> bytes:
    vector = page[PAGE - RESERVED : PAGE - RESERVED + 16]
    decryptor = Cipher(algorithms.AES(KEY), modes.CBC(vector)).decryptor()
    return decryptor.update(page[skip : PAGE - RESERVED]) + decryptor.finalize()


def pages(folder: Path) -> Iterator[bytes]:
    """Yield every page in clear, of the file, its log and any other file beside them."""
    for path in sorted(folder.iterdir()):
        raw = path.read_bytes()
        step, start = PAGE, 0
        if path.name.endswith("-wal"):
            step, start = PAGE + FRAME_HEADER, LOG_HEADER
        yield raw
        for offset in range(start, len(raw) - PAGE + 1, step):
            page = raw[offset + step - PAGE : offset + step]
            yield decrypted(page)
            yield decrypted(page, SALT)


def found(folder: Path) -> set[bytes]:
    return {canary for page in pages(folder) for canary in CANARIES if canary in page}


def fill(store: OutboxStore, *numbers: int) -> None:
    for number in numbers:
        store.enqueue(
            reading_id=content(number)["reading_id"],
            patient="Patient/CANARY",
            submission=CANARIES[0] * 10,
            bundle=CANARIES[1] * 700,
            frames=[CANARIES[2], CANARIES[2] * 400],
        )


def test_the_search_finds_what_is_still_held(store: OutboxStore, database: Path) -> None:
    fill(store, 1)
    assert found(database.parent) == set(CANARIES)
    assert not any(
        canary in p.read_bytes() for p in database.parent.iterdir() for canary in CANARIES
    )


def test_nothing_is_left_of_a_verified_reading(
    store: OutboxStore, database: Path, clock: FakeClock
) -> None:
    fill(store, 1, 2, 3)
    for _ in range(3):
        claimed = store.next_due(clock.now())
        assert claimed is not None
        store.acknowledge(claimed.entry.id, "Observation/1")
        assert found(database.parent)
        store.verified(claimed.entry.id)
    assert found(database.parent) == set()


def test_nothing_is_left_of_a_discarded_reading(store: OutboxStore, database: Path) -> None:
    fill(store, 1)
    store.discard(store.entries()[0].id, "other")
    assert found(database.parent) == set()


def test_a_reader_in_the_way_only_delays_the_forgetting(
    store: OutboxStore, opened: Callable[[], OutboxStore], database: Path
) -> None:
    fill(store, 1)
    reader = opened()
    reader._connection.execute("BEGIN")
    reader.entries()
    store._connection.execute("PRAGMA busy_timeout = 1")
    store.discard(store.entries()[0].id, "other")
    assert found(database.parent)
    reader._connection.execute("COMMIT")
    store.forget_erased()
    assert found(database.parent) == set()


def test_a_crash_after_the_erasure_only_delays_the_forgetting(
    store: OutboxStore, opened: Callable[[], OutboxStore], database: Path
) -> None:
    fill(store, 1)
    reader = opened()
    reader._connection.execute("BEGIN")
    reader.entries()
    store._connection.execute("PRAGMA busy_timeout = 1")
    store.discard(store.entries()[0].id, "other")
    # The process dies here; the next one that sends clears up.
    reader._connection.execute("COMMIT")
    opened().recover()
    assert found(database.parent) == set()


def test_the_file_shrinks_again(store: OutboxStore, database: Path, clock: FakeClock) -> None:
    fill(store, *range(200))
    store.forget_erased()
    largest = database.stat().st_size
    while claimed := store.next_due(clock.now()):
        store.acknowledge(claimed.entry.id, None, verified=True)
    assert found(database.parent) == set()
    assert database.stat().st_size < largest / 4
