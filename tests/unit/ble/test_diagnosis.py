"""The diagnosis of Bluetooth, case by case: what is told, and what is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ohx_desktop.ble.causes import LINUX, MACOS, WINDOWS, Cause
from ohx_desktop.ble.device_health import DeviceHealth
from ohx_desktop.ble.diagnosis import computer_cause, diagnose
from ohx_desktop.ble.facts import AdapterFacts, Block, Bus, ComputerFacts, DeviceFacts, Service
from ohx_desktop.domain.errors import RadioReason

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
ADDRESS = "AA:BB:CC:DD:EE:FF"
ON = AdapterFacts(name="hci0", is_powered=True, roles=frozenset({"central", "peripheral"}))
OFF = replace(ON, is_powered=False)
WELL = ComputerFacts(
    platform=LINUX,
    bus=Bus.OPEN,
    service=Service.RUNNING,
    bluez=(5, 66),
    kernel_adapters=1,
    adapters=(ON,),
    takes_agent=True,
    heard=2,
    listened_s=3.5,
)
CUFF = DeviceFacts(address=ADDRESS, label="OMRON HEM-7155T", enrolled_at=NOW, bonded=True)
REFUSED = DeviceHealth(last_error="pairing-refused", failures=1)
LOST = DeviceHealth(last_error="connection-lost", failures=3)
SOFT = Block(radio="bluetooth", soft=True)


def computer(**changes: object) -> ComputerFacts:
    return replace(WELL, **changes)  # type: ignore[arg-type] # passed through


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (WELL, None),
        (computer(bus=Bus.ABSENT), Cause.NO_SYSTEM_BUS),
        (computer(bus=Bus.DENIED), Cause.NOT_PERMITTED),
        (computer(bus=Bus.DENIED, is_sandboxed=True), Cause.SANDBOXED),
        (computer(service=Service.NOT_INSTALLED, is_sandboxed=True), Cause.SANDBOXED),
        (computer(service=Service.NOT_INSTALLED), Cause.SERVICE_NOT_INSTALLED),
        (computer(service=Service.DISABLED), Cause.SERVICE_DISABLED),
        (computer(service=Service.CRASHED), Cause.SERVICE_CRASHED),
        (computer(service=Service.SILENT), Cause.SERVICE_SILENT),
        (computer(service=Service.STOPPED), Cause.SERVICE_STOPPED),
        # systemd does not start bluetoothd on a computer without an adapter.
        (computer(service=Service.STOPPED, kernel_adapters=0), Cause.NO_ADAPTER),
        (
            computer(service=Service.STOPPED, kernel_adapters=0, blocks=(SOFT,)),
            Cause.SOFT_BLOCKED,
        ),
        (computer(bluez=(5, 54)), Cause.SERVICE_TOO_OLD),
        (computer(bluez=(5, 55)), None),
        (computer(adapters=(), kernel_adapters=0), Cause.NO_ADAPTER),
        (computer(adapters=(), kernel_adapters=None), Cause.NO_ADAPTER),
        (computer(adapters=(), kernel_adapters=1), Cause.ADAPTER_FAILED),
        (computer(adapters=(OFF,)), Cause.ADAPTER_OFF),
        (computer(adapters=(OFF, ON)), None),
        (computer(adapters=(replace(OFF, is_blocked=True),)), Cause.SOFT_BLOCKED),
        (computer(adapters=(OFF,), blocks=(SOFT,)), Cause.SOFT_BLOCKED),
        (
            computer(adapters=(OFF,), blocks=(SOFT, Block(radio="wlan", soft=True))),
            Cause.FLIGHT_MODE,
        ),
        (computer(adapters=(OFF,), blocks=(SOFT, Block(radio="wlan"))), Cause.SOFT_BLOCKED),
        (computer(adapters=(OFF,), blocks=(replace(SOFT, hard=True),)), Cause.HARD_BLOCKED),
        (computer(adapters=(replace(ON, roles=frozenset()),)), Cause.NO_LOW_ENERGY),
        (computer(adapters=(replace(ON, roles=None),)), None),
        (computer(failure=RadioReason.UNKNOWN), Cause.SCAN_FAILED),
    ],
)
def test_the_cause_nearest_to_the_root_is_told(facts: ComputerFacts, cause: Cause | None) -> None:
    assert computer_cause(facts) is cause


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (RadioReason.NO_ADAPTER, Cause.NO_ADAPTER),
        (RadioReason.POWERED_OFF, Cause.ADAPTER_OFF),
        (RadioReason.NO_SERVICE, Cause.SERVICE_STOPPED),
        (RadioReason.NOT_PERMITTED, Cause.NOT_PERMITTED),
        (RadioReason.UNKNOWN, Cause.SCAN_FAILED),
    ],
)
@pytest.mark.parametrize("platform", [WINDOWS, MACOS])
def test_elsewhere_the_failed_scan_tells(platform: str, reason: RadioReason, cause: Cause) -> None:
    (told,) = diagnose(ComputerFacts(platform=platform, failure=reason), (), NOW)
    assert told.cause is cause
    assert "systemctl" not in (told.action or ""), "advice for another operating system"


def causes(device: DeviceFacts) -> set[Cause | None]:
    return {found.cause for found in diagnose(ComputerFacts(), [device], NOW)}


@pytest.mark.parametrize(
    ("device", "cause"),
    [
        (CUFF, None),
        (replace(CUFF, bonded=False), None),
        (replace(CUFF, bonded=False, health=DeviceHealth(bonded=True)), Cause.COMPUTER_FORGOT_BOND),
        (replace(CUFF, bonded=None, health=DeviceHealth(bonded=True)), None),
        (replace(CUFF, health=LOST), Cause.DEVICE_FORGOT_BOND),
        (replace(CUFF, health=replace(LOST, failures=2)), Cause.SESSION_FAILED),
        (replace(CUFF, bonded=False, health=LOST), Cause.SESSION_FAILED),
        (replace(CUFF, health=LOST, wants_bond=False), Cause.SESSION_FAILED),
        (replace(CUFF, health=REFUSED), Cause.DEVICE_FORGOT_BOND),
        (replace(CUFF, bonded=False, health=REFUSED), Cause.PAIRED_ELSEWHERE),
        # A key is replaced by a phone, while the system's bond looks well.
        (replace(CUFF, keeps_key=True, health=REFUSED), Cause.PAIRED_ELSEWHERE),
        (replace(CUFF, blocked=True, health=REFUSED), Cause.DEVICE_BLOCKED),
        (replace(CUFF, rssi_dbm=-86), Cause.WEAK_SIGNAL),
        (replace(CUFF, rssi_dbm=-85), None),
        (replace(CUFF, battery_percent=20), Cause.BATTERY_LOW),
        (replace(CUFF, battery_percent=21, health=DeviceHealth(battery_percent=1)), None),
        (replace(CUFF, health=DeviceHealth(battery_percent=20)), Cause.BATTERY_LOW),
        (replace(CUFF, clock_not_set=True), Cause.CLOCK_NOT_SET),
        (replace(CUFF, enrolled_at=NOW - timedelta(days=8)), Cause.NOT_HEARD),
        (replace(CUFF, enrolled_at=NOW - timedelta(days=8), is_heard=True), None),
        (replace(CUFF, enrolled_at=NOW - timedelta(days=8), connected=True), None),
        (
            replace(
                CUFF,
                enrolled_at=NOW - timedelta(days=99),
                health=DeviceHealth(last_heard_at=NOW - timedelta(days=6)),
            ),
            None,
        ),
    ],
)
def test_a_device_is_told_what_keeps_it(device: DeviceFacts, cause: Cause | None) -> None:
    assert causes(device) == {cause}


def test_what_an_administrator_wants_to_see_stands_beside_the_verdict() -> None:
    health = DeviceHealth(
        last_heard_at=NOW - timedelta(hours=3), last_reading_at=NOW - timedelta(days=2)
    )
    _, told = diagnose(WELL, [replace(CUFF, battery_percent=87, health=health)], NOW)
    assert told.detail == "OMRON HEM-7155T: last heard 3 h ago, battery 87 %, last read 2 d ago"


def test_problems_of_a_device_come_before_its_warnings() -> None:
    device = replace(CUFF, rssi_dbm=-99, bonded=False, health=REFUSED, battery_percent=3)
    _, *found = diagnose(WELL, [device], NOW)
    assert [one.cause for one in found] == [
        Cause.PAIRED_ELSEWHERE,
        Cause.WEAK_SIGNAL,
        Cause.BATTERY_LOW,
    ]
    assert all(ADDRESS in (one.action or "") for one in found[:1])


def test_a_working_computer_is_warned_of_what_may_fail() -> None:
    odd = computer(
        adapters=(replace(ON, usb_id=(0x0A12, 0x0001)), replace(ON, name="hci1")),
        takes_agent=False,
    )
    found = [told.cause for told in diagnose(odd, (), NOW)]
    assert found == [
        None,
        Cause.NO_PAIRING_AGENT,
        Cause.SEVERAL_ADAPTERS,
        Cause.TROUBLESOME_ADAPTER,
    ]
