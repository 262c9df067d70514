"""What bleak, its bus library and the operating system raise, as errors of ours.

Imported when something has gone wrong, so that bleak is not loaded for nothing.

Source: bleak 3 `bleak.exc`; BlueZ D-Bus API, errors; Core Specification, ATT error codes.
"""

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from ohx_desktop.domain.errors import (
    ConnectionLost,
    DeviceError,
    PairingRefused,
    RadioReason,
    RadioUnavailable,
)

_REASONS = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: RadioReason.NO_ADAPTER,
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: RadioReason.NO_ADAPTER,
    BleakBluetoothNotAvailableReason.POWERED_OFF: RadioReason.POWERED_OFF,
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: RadioReason.NOT_PERMITTED,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: RadioReason.NOT_PERMITTED,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: RadioReason.NOT_PERMITTED,
}

_TEXTS = {
    RadioReason.NO_ADAPTER: (
        "this computer has no Bluetooth LE adapter",
        "plug in a Bluetooth LE adapter",
    ),
    RadioReason.POWERED_OFF: ("Bluetooth is switched off", "switch Bluetooth on"),
    RadioReason.NO_SERVICE: (
        "the Bluetooth service of this computer is not running",
        "start the Bluetooth service (bluetoothd) or call your administrator",
    ),
    RadioReason.NOT_PERMITTED: (
        "this program may not use Bluetooth",
        "allow it in the privacy settings of this computer",
    ),
    RadioReason.UNKNOWN: (
        "Bluetooth of this computer cannot be used",
        "switch Bluetooth off and on again",
    ),
}

# What the device answers when it wants a bond first. BlueZ gives its own name to two of them.
_WANTS_BOND = frozenset(
    {
        BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
        BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHORIZATION,
        BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION_KEY_SIZE,
        BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
    }
)

_DBUS_REASONS = {
    "org.bluez.Error.NotReady": RadioReason.POWERED_OFF,
    "org.freedesktop.DBus.Error.ServiceUnknown": RadioReason.NO_SERVICE,
    "org.freedesktop.DBus.Error.NameHasNoOwner": RadioReason.NO_SERVICE,
    # The service left the bus before it answered.
    "org.freedesktop.DBus.Error.NoReply": RadioReason.NO_SERVICE,
    "org.freedesktop.DBus.Error.Disconnected": RadioReason.NO_SERVICE,
    "org.freedesktop.DBus.Error.NoServer": RadioReason.NO_SERVICE,
    "org.freedesktop.DBus.Error.AccessDenied": RadioReason.NOT_PERMITTED,
}
# The bus, or systemd for it, could not start the service.
_DBUS_NOT_STARTED = ("org.freedesktop.DBus.Error.Spawn.", "org.freedesktop.systemd1.")
_DBUS_PAIRING = ("org.bluez.Error.Authentication", "org.bluez.Error.NotPermitted")


# A device that has forgotten its bond looks like one that is out of range.
TRY_AGAIN = (
    "press the Bluetooth button of the device once more; if that does not help, enrol it again"
)


def radio_unavailable(reason: RadioReason) -> RadioUnavailable:
    """Return the error that says why Bluetooth cannot be used."""
    what, hint = _TEXTS[reason]
    return RadioUnavailable(what, reason=reason, hint=hint)


def translated(error: Exception, what: str) -> DeviceError:
    """Return our error for a foreign one. `what` was to be done ("connect to the device")."""
    reason = _reason_without_radio(error)
    if reason is not None:
        return radio_unavailable(reason)
    if _means_bond(error):
        return PairingRefused("the device wants to be paired with this computer first")
    match error:
        case BleakGATTProtocolError():
            return DeviceError(f"the device refused to {what} (ATT error 0x{error.code:02X})")
        case BleakDeviceNotFoundError():
            return ConnectionLost("the device is no longer in range")
        case BleakDBusError():
            cause = error.dbus_error
        case _:
            cause = type(error).__name__
    return ConnectionLost(f"the link broke on trying to {what} ({cause})", hint=TRY_AGAIN)


def _reason_without_radio(error: Exception) -> RadioReason | None:
    match error:
        case BleakBluetoothNotAvailableError():
            return _REASONS.get(error.reason, RadioReason.UNKNOWN)
        case BleakDBusError():
            if error.dbus_error.startswith(_DBUS_NOT_STARTED):
                return RadioReason.NO_SERVICE
            return _DBUS_REASONS.get(error.dbus_error)
        # With no system bus bleak raises what the socket did.
        case FileNotFoundError() | ConnectionError() | EOFError():
            return RadioReason.NO_SERVICE
        case PermissionError():
            return RadioReason.NOT_PERMITTED
    return None


def _means_bond(error: Exception) -> bool:
    if isinstance(error, BleakGATTProtocolError):
        return error.code in _WANTS_BOND
    return isinstance(error, BleakDBusError) and error.dbus_error.startswith(_DBUS_PAIRING)
