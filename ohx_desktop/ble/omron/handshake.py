"""How a device is opened: by a key of ours, by a token, or by the bond alone; and closed again.

Classic devices store one 16-byte key while they are in pairing mode and open to whoever knows it;
a key stored by another program shuts ours out. Modern ones trust the bond of the operating system;
some want four random bytes echoed first.

Source: userx14/omblepy, eigger/hass-omron, wildcommitter/omron-rs, LeonidAn1988/omron-bp.
"""

from collections.abc import Callable, Collection
from contextlib import suppress

from ohx_desktop.ble.dialogue import (
    Dialogue,
    Expect,
    Heard,
    Pair,
    Pause,
    Subscribe,
    T,
    Unsubscribe,
    Write,
)
from ohx_desktop.ble.omron.eeprom import Eeprom
from ohx_desktop.ble.omron.memory_map import MemoryMap, Unlock
from ohx_desktop.ble.omron.uuids import RX, UNLOCK
from ohx_desktop.domain.errors import (
    BondedElsewhere,
    ConnectionLost,
    DeviceError,
    DeviceSilent,
    NotInPairingMode,
    OhxError,
    PairingRefused,
    Unsupported,
)

KEY_LENGTH, TOKEN_LENGTH = 16, 4

# Pauses and waits of the public programs.
_AFTER_SUBSCRIBING_S = 0.75
_PROGRAMMING_REPLY_S = 2.0
_KEY_REPLY_S = 5.0
_AFTER_PAIRING_S = 1.0
_PROGRAMMING_TRIES = 5
_UNLOCKING_TRIES = 2
_NOISE = 32

# First byte of a command, and of its reply with the top bit set.
_STORE_KEY, _OPEN, _PROGRAM, _TOKEN = 0x00, 0x01, 0x02, 0x11
_REPLY = 0x80
_REFUSED = 0xFF
_SUCCESS, _WRONG_KEY, _NOT_BONDED = 0x00, 0x04, 0x0F
_TOKEN_FILL = bytes(15)


class _ErrorFrame(PairingRefused):
    """The device's own error, such as FF 26."""


def in_session(
    memory: MemoryMap, secret: bytes | None, body: Callable[[Eeprom], Dialogue[T]]
) -> Dialogue[T]:
    """Open the device, run `body` on its memory, and end the session whatever happens.

    `secret` is the device's key (16 bytes) or four random bytes for a token, as `memory.unlock`
    says; None where nothing is needed. Raises PairingRefused, DeviceSilent, DeviceError and what
    the body raises.
    """
    yield from _open(memory, secret)
    return (yield from _session(memory, body))


def enrol(memory: MemoryMap, secret: bytes | None) -> Dialogue[None]:
    """Make this host known to a device in pairing mode.

    Classic devices store `secret` as their key, and forget any other. One whole session follows:
    without it the device ignores later calls. Raises PairingRefused, DeviceSilent, DeviceError.
    """
    if memory.unlock is Unlock.KEY:
        yield from _program_key(_of_length(secret, KEY_LENGTH))
        yield from _all_channels()
    else:
        yield from _open(memory, secret)
    yield from _session(memory, lambda _: _nothing())


def _nothing() -> Dialogue[None]:
    yield from ()


def _session(memory: MemoryMap, body: Callable[[Eeprom], Dialogue[T]]) -> Dialogue[T]:
    eeprom = Eeprom(memory)
    try:
        yield from eeprom.start()
        result = yield from body(eeprom)
    except ConnectionLost:
        raise
    except OhxError:
        # An abandoned session leaves an error on the display; the first failure is what counts.
        with suppress(DeviceError):
            yield from eeprom.end()
        raise
    # What was read is good, even where the device does not say goodbye.
    with suppress(DeviceError):
        yield from eeprom.end()
    return result


def _open(memory: MemoryMap, secret: bytes | None) -> Dialogue[None]:
    match memory.unlock:
        case Unlock.KEY:
            yield from _unlock(_of_length(secret, KEY_LENGTH))
            yield from _all_channels()
        case Unlock.TOKEN:
            yield from _exchange_token(_of_length(secret, TOKEN_LENGTH), memory)
        case Unlock.NONE:
            yield from _subscribe(RX[0])


def _program_key(key: bytes) -> Dialogue[None]:
    # The subscription makes the device ask for a bond.
    yield from _subscribe(RX[0])
    yield from _subscribe(UNLOCK)
    yield from _enter_key_programming()
    # Once only: a second key would be written over one that may be stored already.
    yield Write(UNLOCK, bytes([_STORE_KEY]) + key)
    reply = yield from _unlock_reply({_REPLY | _STORE_KEY}, _KEY_REPLY_S)
    if reply is None:
        raise DeviceSilent("the device does not say whether it stored the key")
    if reply[1] != _SUCCESS:
        raise PairingRefused("the device refused to store the key of this computer")


def _enter_key_programming() -> Dialogue[None]:
    for _ in range(_PROGRAMMING_TRIES):
        yield Write(UNLOCK, bytes([_PROGRAM]) + bytes(KEY_LENGTH))
        # 00 is the reply of a device that has no bond with this system at all.
        reply = yield from _unlock_reply({_REPLY | _PROGRAM, 0x00}, _PROGRAMMING_REPLY_S)
        if reply is None:
            continue
        if reply[0] != _REPLY | _PROGRAM or reply[1] == _NOT_BONDED:
            yield Pair()
            yield Pause(_AFTER_PAIRING_S)
        elif reply[1] == _SUCCESS:
            return
        else:
            break
    raise NotInPairingMode("the device does not take a key")


def _unlock(key: bytes) -> Dialogue[None]:
    yield from _subscribe(RX[0])
    yield from _subscribe(UNLOCK)
    for _ in range(_UNLOCKING_TRIES):
        yield Write(UNLOCK, bytes([_OPEN]) + key)
        reply = yield from _unlock_reply({_REPLY | _OPEN}, _KEY_REPLY_S)
        if reply is None:
            continue
        if reply[1] == _SUCCESS:
            return
        if reply[1] == _WRONG_KEY:
            raise BondedElsewhere("another phone or computer was paired with the device since")
        raise PairingRefused("the device does not open with the key of this computer")
    raise DeviceSilent("the device does not answer the key of this computer")


def _exchange_token(token: bytes, memory: MemoryMap) -> Dialogue[None]:
    """Send the token. Silence is no failure: some models of the same map want none."""
    yield from _subscribe(RX[0])
    yield from _subscribe(UNLOCK)
    yield Write(UNLOCK, bytes([_TOKEN]) + token + _TOKEN_FILL, with_response=False)
    try:
        reply = yield from _unlock_reply({_REPLY | _TOKEN}, _PROGRAMMING_REPLY_S)
    except _ErrorFrame:
        if not memory.may_want_secure_session:
            raise
        raise Unsupported(
            f"this cuff (HEM-{memory.model}) wants its maker's secure session, which this program "
            "does not speak",
            hint="measure with another cuff, or type the values in",
        ) from None
    if reply is not None and reply[1 : 2 + TOKEN_LENGTH] != bytes([_SUCCESS]) + token:
        raise PairingRefused("the device refused the greeting of this computer")


def _unlock_reply(codes: Collection[int], timeout_s: float) -> Dialogue[bytes | None]:
    """Return the next value on the unlock characteristic that begins with one of the codes.

    At least two bytes; None for silence. Raises PairingRefused for the device's error frame.
    """
    for _ in range(_NOISE):
        heard = yield Expect(timeout_s)
        if not isinstance(heard, Heard):
            return None
        if heard.characteristic != UNLOCK or not heard.value:
            continue
        reply = heard.value.ljust(2, b"\xff")
        if reply[0] == _REFUSED:
            raise _ErrorFrame(
                "the device wants a kind of session that this program lacks, or it is not in "
                "pairing mode"
            )
        if reply[0] in codes:
            return reply
    return None


def _subscribe(characteristic: str) -> Dialogue[None]:
    yield Subscribe(characteristic)
    yield Pause(_AFTER_SUBSCRIBING_S)


def _all_channels() -> Dialogue[None]:
    """Leave the unlock characteristic and open the other channels, in this order."""
    yield Unsubscribe(UNLOCK)
    for characteristic in RX[1:]:
        yield Subscribe(characteristic)
    yield Pause(_AFTER_SUBSCRIBING_S)


def _of_length(secret: bytes | None, length: int) -> bytes:
    if secret is None or len(secret) != length:
        raise ValueError(f"this device is opened with {length} bytes")
    return secret
