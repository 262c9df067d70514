"""The diagnosis of Bluetooth, whatever is known: one root cause, and never an innocent accused."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.ble.causes import ADVICE, LINUX, MACOS, WINDOWS, Cause, Verdict
from ohx_desktop.ble.device_health import DeviceHealth
from ohx_desktop.ble.diagnosis import computer_cause, diagnose
from ohx_desktop.ble.facts import AdapterFacts, Block, Bus, ComputerFacts, DeviceFacts, Service
from ohx_desktop.domain.errors import RadioReason

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
DEVICE_CAUSES = list(Cause)[list(Cause).index(Cause.COMPUTER_FORGOT_BOND) :]

maybe = st.none() | st.booleans()
moments = st.none() | st.integers(0, 400).map(lambda hours: NOW - timedelta(hours=hours))
roles = st.none() | st.frozensets(st.sampled_from(["central", "peripheral"]))
usb_ids = st.none() | st.sampled_from([(0x0A12, 0x0001), (0x8087, 0x0029)])
adapters = st.builds(
    AdapterFacts,
    name=st.sampled_from(["hci0", "hci1"]),
    is_powered=maybe,
    is_blocked=st.booleans(),
    roles=roles,
    usb_id=usb_ids,
)
blocks = st.builds(
    Block, radio=st.sampled_from(["bluetooth", "wlan"]), hard=st.booleans(), soft=st.booleans()
)
computers = st.builds(
    ComputerFacts,
    platform=st.sampled_from([LINUX, WINDOWS, MACOS]),
    is_sandboxed=st.booleans(),
    bus=st.sampled_from(Bus),
    service=st.sampled_from(Service),
    bluez=st.none() | st.tuples(st.integers(4, 6), st.integers(0, 99)),
    kernel_adapters=st.none() | st.integers(0, 2),
    blocks=st.lists(blocks, max_size=3).map(tuple),
    adapters=st.none() | st.lists(adapters, max_size=2).map(tuple),
    takes_agent=maybe,
    failure=st.none() | st.sampled_from(RadioReason),
    heard=st.none() | st.integers(0, 9),
)
healths = st.builds(
    DeviceHealth,
    last_heard_at=moments,
    rssi_dbm=st.none() | st.integers(-127, 20),
    battery_percent=st.none() | st.integers(0, 100),
    last_reading_at=moments,
    last_error=st.none() | st.sampled_from(["connection-lost", "pairing-refused", "other"]),
    failures=st.integers(0, 5),
    bonded=maybe,
)
devices = st.builds(
    DeviceFacts,
    address=st.just("AA:BB:CC:DD:EE:FF"),
    label=st.just("OMRON HEM-7155T"),
    enrolled_at=st.integers(0, 400).map(lambda hours: NOW - timedelta(hours=hours)),
    wants_bond=st.booleans(),
    keeps_key=st.booleans(),
    is_heard=st.booleans(),
    rssi_dbm=st.none() | st.integers(-127, 20),
    bonded=maybe,
    connected=st.booleans(),
    blocked=st.booleans(),
    pairing_mode=maybe,
    clock_not_set=maybe,
    battery_percent=st.none() | st.integers(0, 100),
    health=healths,
)


@given(computers, st.lists(devices, max_size=2))
def test_every_fault_has_words_and_a_remedy_and_the_computer_comes_first(
    computer: ComputerFacts, known: list[DeviceFacts]
) -> None:
    found = diagnose(computer, known, NOW)
    for finding in found:
        assert finding.detail
        assert (finding.action is None) == (finding.cause is None) == (finding.verdict == "ok")
        assert "ADDRESS" not in (finding.action or "")
        if finding.cause is not None:
            assert (finding.address is not None) == (finding.cause in DEVICE_CAUSES)
    about_devices = [finding.address is not None for finding in found]
    assert about_devices == sorted(about_devices)


@given(computers, st.lists(devices, max_size=2))
def test_a_computer_that_cannot_be_used_has_one_cause_and_its_devices_none(
    computer: ComputerFacts, known: list[DeviceFacts]
) -> None:
    cause = computer_cause(computer)
    if cause is not None:
        (finding,) = diagnose(computer, known, NOW)
        assert (finding.cause, finding.verdict) == (cause, Verdict.PROBLEM)


@given(computers)
def test_a_way_that_is_closed_is_told_before_what_lies_behind_it(computer: ComputerFacts) -> None:
    closed = replace(computer, bus=Bus.ABSENT, is_sandboxed=False)
    assert computer_cause(closed) is Cause.NO_SYSTEM_BUS
    denied = replace(computer, bus=Bus.DENIED, is_sandboxed=False)
    assert computer_cause(denied) is Cause.NOT_PERMITTED
    crashed = replace(
        computer, bus=Bus.OPEN, is_sandboxed=False, service=Service.CRASHED, failure=None
    )
    assert computer_cause(crashed) is Cause.SERVICE_CRASHED


@given(computers)
def test_a_switch_is_not_blamed_while_an_adapter_works(computer: ComputerFacts) -> None:
    works = AdapterFacts(name="hci0", is_powered=True, roles=frozenset({"central"}))
    working = replace(
        computer, bus=Bus.OPEN, service=Service.RUNNING, bluez=None, adapters=(works,), failure=None
    )
    assert computer_cause(working) is None


@given(devices)
def test_what_nobody_knows_accuses_nobody(device: DeviceFacts) -> None:
    assert computer_cause(ComputerFacts()) is None
    required = {"address": device.address, "label": device.label, "enrolled_at": NOW}
    (finding,) = diagnose(ComputerFacts(heard=None), [DeviceFacts(**required)], NOW)
    assert finding.verdict is Verdict.OK
    # Each single fact that is taken away takes findings away, and adds none.
    all_known = {one.cause for one in diagnose(ComputerFacts(), [device], NOW)}
    for name in ("clock_not_set", "pairing_mode", "bonded"):
        unknown = replace(device, **{name: None})
        assert {one.cause for one in diagnose(ComputerFacts(), [unknown], NOW)} - all_known <= {
            None,
            # Without its bond, a refusal can only be told by its other likely cause.
            Cause.PAIRED_ELSEWHERE,
            Cause.SESSION_FAILED,
        }


def test_every_cause_has_advice_and_no_field_of_it_is_empty() -> None:
    assert set(ADVICE) == set(Cause)
    for advice in ADVICE.values():
        assert all(getattr(advice, field.name) for field in fields(advice)[:3])
        assert advice.verdict is not Verdict.OK
