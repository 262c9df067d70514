"""bleak's edge: what it raises becomes our errors, and no call of it can hang us."""

import asyncio
from collections.abc import Coroutine
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
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.radio import _heard, _pair_by_bleak
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


def next_heard(scanner: Any, queue: "asyncio.Queue[Advertisement]") -> Coroutine[Any, Any, Any]:
    return anext(_heard(scanner, queue))


def test_a_scan_that_went_silent_is_started_anew() -> None:
    async def silent() -> None:
        scanner, queue = FakeScanner(), asyncio.Queue[Advertisement]()
        heard = Advertisement(address="A")
        asyncio.get_running_loop().call_later(40, queue.put_nowait, heard)
        assert await next_heard(scanner, queue) is heard
        assert scanner.log == ["stop", "start", "stop", "start"]

    run(silent())


def test_an_adapter_that_vanished_while_scanning_is_told() -> None:
    async def vanish() -> None:
        off = BleakBluetoothNotAvailableError("", Reason.POWERED_OFF)
        with pytest.raises(RadioUnavailable) as raised:
            await next_heard(FakeScanner(off), asyncio.Queue())
        assert raised.value.reason is RadioReason.POWERED_OFF
        assert elapsed_s() < 20

    run(vanish())


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
