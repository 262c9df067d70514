"""What is remembered of a device: its state, never a value, and never at a reading's cost."""

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from ble_fakes import ADDRESS, advertisement

from ohx_desktop.ble.device_health import DeviceHealth, SystemRecord
from ohx_desktop.ble.device_health_file import DeviceHealthFile, DeviceHealthKeeper
from ohx_desktop.ble.events import LinkState, ReadingReceived, SessionFailed, StateChanged
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import ConnectionLost, NoKeyring
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
RECEIVING = StateChanged(state=LinkState.RECEIVING, address=ADDRESS)
FAILED = SessionFailed(error=ConnectionLost("gone"))
WHOLE = DeviceHealth(
    last_heard_at=NOW,
    rssi_dbm=-60,
    battery_percent=87,
    firmware="1.0.0",
    clock_offset_s=-3600.5,
    last_reading_at=NOW,
    last_error="connection-lost",
    last_error_at=NOW,
    failures=2,
    bonded=True,
)


def received() -> ReadingReceived:
    reading = Reading(
        source=Source.BLUETOOTH,
        device=DeviceIdentity(address=ADDRESS, firmware="2.1"),
        measured_at=NOW,
        received_at=NOW,
        clock=DeviceClock(device=NOW.replace(tzinfo=None), offset_s=-7.0, trust=ClockTrust.DEVICE),
        quantities=(
            Quantity(kind=QuantityKind.BODY_WEIGHT, value=Decimal("79.95"), unit=Unit.KILOGRAM),
        ),
    )
    return ReadingReceived(reading=reading, frames=(b"\x01\x02",))


def test_a_reading_leaves_its_moment_and_no_value(tmp_path: Path) -> None:
    after = WHOLE.told(received(), NOW + timedelta(minutes=1))
    assert after.last_reading_at == NOW + timedelta(minutes=1)
    assert (after.firmware, after.clock_offset_s) == ("2.1", -7.0)
    assert (after.last_error, after.failures) == (None, 0)
    file = DeviceHealthFile(tmp_path / "health.json")
    file.apply([(ADDRESS, lambda _: after)])
    assert "79.95" not in (tmp_path / "health.json").read_text()


def test_failures_count_until_the_device_talks_again() -> None:
    twice = DeviceHealth().told(FAILED, NOW).told(FAILED, NOW)
    assert (twice.last_error, twice.last_error_at, twice.failures) == ("connection-lost", NOW, 2)
    again = twice.told(RECEIVING, NOW)
    assert (again.last_error, again.last_error_at, again.failures) == (None, None, 0)


def test_a_keyring_is_no_fault_of_the_device() -> None:
    assert DeviceHealth().told(SessionFailed(error=NoKeyring("none")), NOW) == DeviceHealth()


def test_an_unknown_battery_does_not_empty_a_known_one() -> None:
    assert WHOLE.kept(SystemRecord(bonded=False)).battery_percent == 87
    assert WHOLE.kept(SystemRecord(bonded=False)).bonded is False
    assert WHOLE.kept(SystemRecord(battery_percent=5)).battery_percent == 5


# ── the file ─────────────────────────────────────────────────────────────────────────────────


def test_every_part_of_a_record_survives_a_restart(tmp_path: Path) -> None:
    assert all(getattr(WHOLE, field.name) for field in fields(WHOLE))
    DeviceHealthFile(tmp_path / "health.json").apply([(ADDRESS, lambda _: WHOLE)])
    assert DeviceHealthFile(tmp_path / "health.json").load() == {ADDRESS: WHOLE}
    assert [file.name for file in tmp_path.iterdir()] == ["health.json"]


def test_two_who_write_keep_each_others_news(tmp_path: Path) -> None:
    one, other = (DeviceHealthFile(tmp_path / "health.json") for _ in range(2))
    one.apply([("A", lambda _: WHOLE)])
    other.apply([("B", lambda record: record.told(FAILED, NOW))])
    one.apply([("A", lambda record: record.told(FAILED, NOW))])
    assert {address: record.failures for address, record in one.load().items()} == {"A": 3, "B": 1}


def test_a_forgotten_device_leaves_nothing(tmp_path: Path) -> None:
    file = DeviceHealthFile(tmp_path / "health.json")
    file.apply([(ADDRESS, lambda _: WHOLE), ("B", lambda _: WHOLE)])
    file.apply([(ADDRESS, lambda _: None), ("C", lambda _: None)])
    assert set(file.load()) == {"B"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"schema": "ohx.device-health/9", "devices": {}}',
        '{"schema": "ohx.device-health/1", "devices": {"A": {"failures": "many"}}}',
        '{"schema": "ohx.device-health/1", "devices": {"A": {"last_heard_at": "2026-11-25"}}}',
        '{"schema": "ohx.device-health/1", "devices": []}',
        "\ud800",
    ],
)
def test_a_damaged_file_is_learned_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "health.json").write_bytes(content.encode(errors="surrogatepass"))
    file = DeviceHealthFile(tmp_path / "health.json")
    assert file.load() == {}
    file.apply([("B", lambda _: WHOLE)])
    assert set(file.load()) == {"B"}


# ── the keeper ───────────────────────────────────────────────────────────────────────────────


class Kept:
    """A keeper on a file, with a clock that a test turns."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.asked: list[str] = []
        self.file = DeviceHealthFile(folder / "health.json")
        self.keeper = DeviceHealthKeeper(
            self.file,
            is_registered=lambda address: address == ADDRESS,
            ask_system=self._ask,
            now=lambda: self.now,
        )

    def _ask(self, address: str) -> SystemRecord:
        self.asked.append(address)
        return SystemRecord(bonded=True, battery_percent=42)

    def record(self) -> DeviceHealth:
        """Return what is on disk once everything noted is written."""
        self.keeper.close()
        return self.file.load()[ADDRESS]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path)
    yield made
    made.keeper.close()


def test_a_session_leaves_signal_battery_and_bond(kept: Kept) -> None:
    kept.keeper.heard(advertisement())
    kept.keeper.told(ADDRESS, RECEIVING)
    kept.keeper.told(ADDRESS, received())
    record = kept.record()
    assert (record.rssi_dbm, record.battery_percent, record.bonded) == (-60, 42, True)
    assert (record.last_heard_at, record.last_reading_at) == (NOW, NOW)
    assert kept.asked == [ADDRESS]


def test_a_stranger_leaves_nothing(kept: Kept) -> None:
    kept.keeper.heard(advertisement("11:22:33:44:55:66"))
    kept.keeper.told("11:22:33:44:55:66", FAILED)
    kept.keeper.close()
    assert kept.file.load() == {}


def test_the_disk_does_not_hear_every_advertisement(kept: Kept) -> None:
    kept.keeper.heard(advertisement())
    kept.now += timedelta(seconds=59)
    kept.keeper.heard(advertisement())
    assert kept.record().last_heard_at == NOW


def test_a_device_heard_again_later_is_noted(kept: Kept) -> None:
    kept.keeper.heard(advertisement())
    kept.now += timedelta(seconds=60)
    kept.keeper.heard(advertisement())
    assert kept.record().last_heard_at == NOW + timedelta(seconds=60)


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    lost = Kept(tmp_path / "missing")
    lost.keeper.told(ADDRESS, FAILED)
    lost.keeper.close()
    assert not (tmp_path / "missing").exists()
    assert json.dumps(lost.file.load()) == "{}"
