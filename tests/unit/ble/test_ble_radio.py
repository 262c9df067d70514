"""bleak's edge: what it raises becomes our errors, and no call of it can hang us."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from ble_time import elapsed_s, run
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

from ohx_desktop.ble.bleak_errors import translated
from ohx_desktop.ble.bleak_link import limited
from ohx_desktop.ble.bleak_scan import SCAN_CONTROL_S, BleakScan
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.radio import _pair_by_bleak
from ohx_desktop.ble.turns import Turns
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DeviceError,
    DeviceSilent,
    PairingRefused,
    RadioReason,
    RadioUnavailable,
)

Reason = BleakBluetoothNotAvailableReason

NOT_AVAILABLE = [
    (BleakBluetoothNotAvailableError("", Reason.NO_BLUETOOTH), RadioReason.NO_ADAPTER),
    (BleakBluetoothNotAvailableError("", Reason.NO_BLE_CENTRAL_ROLE), RadioReason.NO_ADAPTER),
    (BleakBluetoothNotAvailableError("", Reason.POWERED_OFF), RadioReason.POWERED_OFF),
    (BleakBluetoothNotAvailableError("", Reason.DENIED_BY_USER), RadioReason.NOT_PERMITTED),
    (BleakBluetoothNotAvailableError("", Reason.DENIED_BY_SYSTEM), RadioReason.NOT_PERMITTED),
    (BleakBluetoothNotAvailableError("", Reason.DENIED_BY_UNKNOWN), RadioReason.NOT_PERMITTED),
    (BleakBluetoothNotAvailableError("", Reason.UNKNOWN), RadioReason.UNKNOWN),
    (FileNotFoundError(2, "no bus"), RadioReason.NO_SERVICE),
    (ConnectionRefusedError(), RadioReason.NO_SERVICE),
    (EOFError(), RadioReason.NO_SERVICE),
    (PermissionError(), RadioReason.NOT_PERMITTED),
    (BleakDBusError("org.bluez.Error.NotReady", []), RadioReason.POWERED_OFF),
    (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", []), RadioReason.NO_SERVICE),
    (BleakDBusError("org.freedesktop.DBus.Error.NoReply", []), RadioReason.NO_SERVICE),
    (
        BleakDBusError("org.freedesktop.DBus.Error.Spawn.ChildExited", []),
        RadioReason.NO_SERVICE,
    ),
    (BleakDBusError("org.freedesktop.systemd1.NoSuchUnit", []), RadioReason.NO_SERVICE),
    (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", []), RadioReason.NOT_PERMITTED),
]


@pytest.mark.parametrize(("error", "reason"), NOT_AVAILABLE)
def test_a_radio_that_cannot_be_used_says_why(error: Exception, reason: RadioReason) -> None:
    ours = translated(error, "scan")
    assert isinstance(ours, RadioUnavailable)
    assert ours.reason is reason


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BleakGATTProtocolError(0x05), PairingRefused),
        (BleakGATTProtocolError(0x08), PairingRefused),
        (BleakGATTProtocolError(0x0C), PairingRefused),
        (BleakGATTProtocolError(0x0F), PairingRefused),
        (BleakDBusError("org.bluez.Error.NotPermitted", ["Not paired"]), PairingRefused),
        (BleakDBusError("org.bluez.Error.AuthenticationFailed", []), PairingRefused),
        (BleakGATTProtocolError(0x0E), DeviceError),
        (BleakGATTProtocolError(0x80), DeviceError),
        (BleakDeviceNotFoundError("A"), ConnectionLost),
        (BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort"]), ConnectionLost),
        (BleakError("Not connected"), ConnectionLost),
        (AssertionError(), ConnectionLost),
        (KeyError("x"), ConnectionLost),
        (OSError(5, "io"), ConnectionLost),
    ],
)
def test_a_failed_exchange_is_told_by_its_kind(error: Exception, kind: type[Exception]) -> None:
    assert type(translated(error, "read")) is kind


def test_a_call_that_never_returns_is_given_up() -> None:
    async def hang() -> None:
        with pytest.raises(DeviceSilent):
            await limited(asyncio.sleep(1e9), 5, "read")
        assert elapsed_s() == pytest.approx(5)

    run(hang())


def test_a_foreign_error_never_leaves_a_call() -> None:
    async def fail() -> None:
        raise KeyError("gone")

    with pytest.raises(ConnectionLost):
        run(limited(fail(), 5, "read"))


class FakeScanner:
    """Starts and stops as scripted."""

    def __init__(self, *starts: Exception | None) -> None:
        self._starts = list(starts)
        self.log: list[str] = []

    async def start(self) -> None:
        self.log.append("start")
        error = self._starts.pop(0) if self._starts else None
        if error is not None:
            raise error

    async def stop(self) -> None:
        self.log.append("stop")
        raise BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", [])


class Hanging(FakeScanner):
    """Never answers when it is started."""

    async def start(self) -> None:
        self.log.append("start")
        await asyncio.sleep(1e9)


def scan_of(scanner: Any, must_pause: Callable[[], bool] = lambda: False) -> BleakScan:
    async def unstick() -> None:
        scanner.log.append("unstick")

    return BleakScan(scanner, must_pause=must_pause, unstick=unstick)


def test_a_scan_that_went_silent_is_started_anew() -> None:
    async def silent() -> None:
        scanner = FakeScanner()
        scan = scan_of(scanner)
        heard = Advertisement(address="A")
        asyncio.get_running_loop().call_later(40, scan.hear, heard)
        assert await anext(scan.advertisements()) is heard
        assert scanner.log == ["start", "stop", "start", "stop", "start"]
        await scan.stop()
        assert scanner.log[-1] == "stop"

    run(silent())


def test_an_adapter_that_vanished_while_scanning_is_told() -> None:
    async def vanish() -> None:
        off = BleakBluetoothNotAvailableError("", Reason.POWERED_OFF)
        with pytest.raises(RadioUnavailable) as raised:
            await anext(scan_of(FakeScanner(None, off)).advertisements())
        assert raised.value.reason is RadioReason.POWERED_OFF
        assert elapsed_s() < 20

    run(vanish())


@pytest.mark.parametrize(
    "scanner",
    [Hanging(), FakeScanner(BleakDBusError("org.bluez.Error.InProgress", []))],
    ids=["hangs", "refused"],
)
def test_a_scan_that_cannot_be_started_is_given_up_in_time_and_unstuck(scanner: Any) -> None:
    async def stuck() -> None:
        with pytest.raises(RadioUnavailable) as raised:
            await scan_of(scanner).adjust()
        assert raised.value.reason is RadioReason.UNKNOWN
        assert scanner.log == ["start", "unstick"]
        assert elapsed_s() <= SCAN_CONTROL_S

    run(stuck())


def test_a_scan_is_silent_while_a_device_is_connected_and_goes_on_by_itself() -> None:
    async def connect_meanwhile() -> None:
        scanner, is_connecting = FakeScanner(), False
        scan = scan_of(scanner, lambda: is_connecting)
        hearing = asyncio.ensure_future(anext(scan.advertisements()))
        await asyncio.sleep(1)
        is_connecting = True
        await scan.adjust()
        assert scanner.log == ["start", "stop"]
        await asyncio.sleep(60)  # however long: a mute scan is not started in between
        assert scanner.log == ["start", "stop"]
        is_connecting = False
        scan.hear(None)
        scan.hear(Advertisement(address="A"))
        assert (await hearing).address == "A"
        assert scanner.log == ["start", "stop", "start"]

    run(connect_meanwhile())


def test_connections_are_tried_one_at_a_time_but_a_slow_one_holds_nobody_up_for_long() -> None:
    async def three() -> list[tuple[str, float]]:
        log: list[tuple[str, float]] = []

        async def begin() -> None:
            log.append(("silence", elapsed_s()))

        turns = Turns(5.0, on_begun=begin, on_over=lambda: log.append(("scan", elapsed_s())))

        async def connect(name: str, takes_s: float) -> None:
            async with turns.mine():
                log.append((name, elapsed_s()))
                await asyncio.sleep(takes_s)

        await asyncio.gather(connect("slow", 20), connect("quick", 1), connect("last", 1))
        return log

    assert run(three()) == [
        *(("silence", 0), ("slow", 0), ("scan", 5)),
        *(("silence", 5), ("quick", 5), ("scan", 6)),
        *(("silence", 6), ("last", 6), ("scan", 7)),
    ]


class FakeClient:
    """Pairs as scripted."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    async def pair(self) -> None:
        if self._error is not None:
            raise self._error


@pytest.mark.parametrize("error", [None, NotImplementedError()])
def test_a_system_that_pairs_by_itself_is_left_to_it(error: Exception | None) -> None:
    run(_pair_by_bleak(FakeClient(error)))  # type: ignore[arg-type] # the edge is faked


@pytest.mark.parametrize("error", [BleakError("no"), OSError(5, "io"), TimeoutError()])
def test_pairing_that_fails_says_what_to_do(error: Exception) -> None:
    with pytest.raises(PairingRefused):
        run(_pair_by_bleak(FakeClient(error)))  # type: ignore[arg-type] # the edge is faked


def test_the_private_name_by_which_bleak_lets_go_of_its_bus_is_still_there() -> None:
    manager = pytest.importorskip("bleak.backends.bluezdbus.manager")
    assert "_bus" in vars(manager.BlueZManager())
