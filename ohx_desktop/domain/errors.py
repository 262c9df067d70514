"""The tree of errors a person may meet.

Every error says three things: what happened, what it means for the reading, and what to do next;
shells print exactly these. The texts are free of health data, names, secrets and raw bytes,
because errors reach logs. A bug of ours is not an OhxError: it crashes loudly.

    OhxError
    ├─ UsageError
    ├─ ConfigurationError
    ├─ AlreadyOpen
    ├─ NobodySignedIn
    ├─ DeviceError           DeviceNotFound, RadioUnavailable, ConnectionLost, DeviceSilent,
    │  │                     AnotherDevice, DeviceNotSet
    │  └─ PairingRefused     NotInPairingMode, BondedElsewhere, BondForgotten, PasskeyRefused
    ├─ DecodingError         Truncated, TrailingBytes, Unsupported, MeasurementFailed, Implausible
    ├─ RemoteError           Transient, Refused, NotAuthorised, Misconfigured
    ├─ StoreError            StoreEnvironment, StoreTooNew, NotKept
    │  └─ StoreDamaged       StoreKeyWrong
    └─ KeystoreError         NoKeyring, KeyringLocked, KeyPinNeeded, KeyPinWrong
"""

import math
from enum import IntEnum, StrEnum
from typing import Self


class ExitCode(IntEnum):
    """Exit codes of the command line."""

    DONE = 0
    USAGE = 2
    CONFIGURATION = 3
    DEVICE = 4
    DATA = 5
    UNREACHABLE = 6
    REFUSED = 7
    STORE = 8


class OhxError(Exception):
    """What happened, what it means for the reading (`meaning`) and what to do (`hint`)."""

    code = "error"
    exit_code = ExitCode.USAGE
    meaning = "no reading was affected"
    hint = "try again"

    def __init__(self, what: str, *, meaning: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.meaning = meaning or self.meaning
        self.hint = hint or self.hint

    def __str__(self) -> str:
        return f"{self.what}; {self.meaning}; {self.hint}"


class UsageError(OhxError):
    """The command or its input file has not the form it must have."""

    code = "usage"
    hint = "see --help"


class ConfigurationError(OhxError):
    """Settings or policy are invalid or incomplete; a person must fix them."""

    code = "configuration"
    exit_code = ExitCode.CONFIGURATION
    meaning = "nothing was sent and nothing was lost"
    hint = "correct the settings (ohx-desktop config validate FILE)"


class AlreadyOpen(OhxError):  # noqa: N818 - reads as what happened
    """A window of this profile is open already."""

    code = "already-open"
    exit_code = ExitCode.CONFIGURATION
    meaning = "nothing was changed; readings go on in the window that is open"
    hint = "use the window that is open"


class NobodySignedIn(OhxError):  # noqa: N818 - reads as what happened
    """Somebody must sign in before a reading is confirmed."""

    code = "nobody-signed-in"
    exit_code = ExitCode.CONFIGURATION
    meaning = "the reading was not confirmed and stays where it was"
    hint = "sign in, then confirm it again"


# ── devices ──────────────────────────────────────────────────────────────────────────────────


class DeviceError(OhxError):
    """A device failed, was lost or could not be reached."""

    code = "device"
    exit_code = ExitCode.DEVICE
    meaning = "no reading was taken from the device"
    hint = "press the Bluetooth button of the device once more"


class DeviceNotFound(DeviceError):  # noqa: N818 - reads as what happened
    """No supported device was heard within the time given."""

    code = "device-not-found"
    hint = "switch the device on near this computer and try again"


class RadioReason(StrEnum):
    """Why Bluetooth cannot be used on this computer."""

    NO_ADAPTER = "no-adapter"
    POWERED_OFF = "powered-off"
    NO_SERVICE = "no-service"
    NOT_PERMITTED = "not-permitted"
    UNKNOWN = "unknown"


class RadioUnavailable(DeviceError):  # noqa: N818
    """Bluetooth itself cannot be used; `reason` tells which advice helps."""

    code = "radio-unavailable"

    def __init__(self, what: str, *, reason: RadioReason, hint: str | None = None) -> None:
        super().__init__(what, hint=hint)
        self.reason = reason


class PairingReason(StrEnum):
    """Why a device and this computer do not trust each other."""

    NOT_IN_PAIRING_MODE = "not-in-pairing-mode"
    BONDED_ELSEWHERE = "bonded-elsewhere"
    BOND_FORGOTTEN = "bond-forgotten"
    PASSKEY = "passkey"


class PairingRefused(DeviceError):  # noqa: N818
    """The device or the system refused to pair, or no longer knows its bond.

    `reason` is None where nobody can tell.
    """

    code = "pairing-refused"
    reason: PairingReason | None = None
    hint = "put the device into pairing mode and enrol it again"


class NotInPairingMode(PairingRefused):
    """The device takes new computers only while a person holds it in pairing mode."""

    reason = PairingReason.NOT_IN_PAIRING_MODE
    hint = "hold its Bluetooth button until P blinks, then enrol it again"


class BondedElsewhere(PairingRefused):
    """Another phone or computer was paired with the device, which keeps one of them only."""

    reason = PairingReason.BONDED_ELSEWHERE
    hint = "put the device into pairing mode and enrol it again; the other one then loses it"


class BondForgotten(PairingRefused):
    """A registered device does not know this computer any more, or this computer its bond."""

    reason = PairingReason.BOND_FORGOTTEN
    hint = "forget the device here, put it into pairing mode and enrol it again"


class PasskeyRefused(PairingRefused):
    """The number that the device showed was not typed, not in time, or not rightly."""

    reason = PairingReason.PASSKEY
    hint = "try again and type the number that the device shows then"


class AnotherDevice(DeviceError):  # noqa: N818 - reads as what happened
    """A device answers for a registered one and says that it is another."""

    code = "another-device"
    meaning = "its reading was not taken"
    hint = "use the registered device, or register this one, too"


class ConnectionLost(DeviceError):  # noqa: N818
    """The link broke before the device had sent a whole reading."""

    code = "connection-lost"


class DeviceSilent(DeviceError):  # noqa: N818
    """The device did not answer within the deadline."""

    code = "device-silent"


class DeviceNotSet(DeviceError):  # noqa: N818
    """The device did not take what an administrator has this program write to it."""

    code = "device-not-set"
    meaning = "its readings were taken, and none of them depends on it"
    hint = "check the date and time on the device"


# ── data ─────────────────────────────────────────────────────────────────────────────────────


class DecodingError(OhxError):
    """Bytes from a device that cannot be decoded with certainty; nothing of them is kept."""

    code = "decoding"
    exit_code = ExitCode.DATA
    meaning = "the values were refused and not kept"
    hint = "measure again; if it happens again, report the device model to support"

    frames: tuple[bytes, ...] = ()
    """The bytes that were refused, where nothing else holds them. They are in no text."""

    def about(self, *frames: bytes) -> Self:
        """Return the error with the bytes it is about."""
        self.frames = frames
        return self


class Truncated(DecodingError):  # noqa: N818
    """Shorter than its own flags demand."""

    code = "truncated"


class TrailingBytes(DecodingError):  # noqa: N818
    """Longer than its own flags explain, so that no offset can be trusted."""

    code = "trailing-bytes"


class Unsupported(DecodingError):  # noqa: N818
    """A form, model or characteristic this program does not know."""

    code = "unsupported"
    hint = "see docs/devices.md for the devices this program reads"


class MeasurementFailed(DecodingError):  # noqa: N818
    """The device says itself that it could not measure (NaN and its kin)."""

    code = "measurement-failed"
    meaning = "the device could not measure, so there is no reading"
    hint = "check the cuff and measure again"


class Implausible(DecodingError):  # noqa: N818
    """A value that no living person can have; never clamped, never kept."""

    code = "implausible"


# ── the EHR and cloud services ───────────────────────────────────────────────────────────────


class RemoteError(OhxError):
    """The EHR or a cloud service did not do what was asked."""

    code = "remote"
    exit_code = ExitCode.REFUSED
    meaning = "the reading stays safe on this computer"

    def __init__(
        self,
        what: str,
        *,
        status: int | None = None,
        meaning: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(what, meaning=meaning, hint=hint)
        self.status = status


class Transient(RemoteError):  # noqa: N818
    """Not reachable or not able now; trying again by itself is right.

    `is_doubtful` where what was asked for may have been done all the same: the answer was lost, or
    says nothing. Then it is asked whether it was done before it is asked for again.
    """

    code = "unreachable"
    exit_code = ExitCode.UNREACHABLE
    meaning = "the reading stays safe on this computer and is sent again by itself"
    hint = "nothing to do; check the network if it lasts"

    def __init__(
        self,
        what: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        is_doubtful: bool = False,
        hint: str | None = None,
    ) -> None:
        super().__init__(what, status=status, hint=hint)
        self.retry_after_s = retry_after_s
        self.is_doubtful = is_doubtful


class Refused(RemoteError):  # noqa: N818
    """This item was refused for good; a person must look at it."""

    code = "refused"
    hint = "open the queue, read what the EHR said, then correct or discard the reading"


class NotAuthorised(RemoteError):  # noqa: N818
    """The EHR does not accept who we are; every item would meet the same answer."""

    code = "not-authorised"
    hint = "an administrator must renew the sign-in to the EHR"


class Misconfigured(RemoteError):  # noqa: N818
    """The address, certificate or version is wrong; every item would meet the same answer."""

    code = "ehr-misconfigured"
    hint = "an administrator must check the EHR settings (ohx-desktop ehr check)"


# ── the local store and the keyring ──────────────────────────────────────────────────────────


class StoreError(OhxError):
    """The local queue cannot be used."""

    code = "store"
    exit_code = ExitCode.STORE
    meaning = "the reading was NOT saved"
    hint = "write the reading down and call your administrator"


class StoreEnvironment(StoreError):  # noqa: N818
    """The disk is full, locked or read-only: whose fault it is, is not ours."""

    code = "store-environment"


class StoreDamaged(StoreError):  # noqa: N818
    """The file cannot be opened with this key, or its pages are broken."""

    code = "store-damaged"
    meaning = "the queue on this computer cannot be opened; nothing new can be saved"


class StoreKeyWrong(StoreDamaged):
    """Nothing in the file fits the key: it was written with another one."""

    code = "store-key-wrong"
    hint = "restore the key the file was written with, or call your administrator"


class StoreTooNew(StoreError):  # noqa: N818
    """The file was written by a newer program."""

    code = "store-too-new"
    meaning = "the queue was left untouched"
    hint = "start the newer version of the program that wrote it"


class NotKept(StoreError):  # noqa: N818
    """A reading came, but is not on the disk; its device may have forgotten it."""

    code = "not-kept"
    meaning = "the reading is on this screen only"
    hint = "write it down before you leave this patient"


class KeystoreError(OhxError):
    """The key of the local queue cannot be had."""

    code = "keystore"
    exit_code = ExitCode.STORE
    meaning = "readings cannot be stored safely, so none can be taken"


class NoKeyring(KeystoreError):  # noqa: N818
    """No acceptable secret store on this computer."""

    code = "no-keyring"
    hint = (
        "start a desktop keyring (Secret Service, KWallet), or let an administrator choose "
        "another store.key_source"
    )


class KeyringLocked(KeystoreError):  # noqa: N818
    """The secret store is there but locked."""

    code = "keyring-locked"
    hint = "unlock the keyring (sign in with a password) and start again"


class KeyPinNeeded(KeystoreError):  # noqa: N818
    """The key is sealed with a PIN, and nobody is there to type it."""

    code = "key-pin-needed"
    meaning = "the readings in the queue were left as they are; without the PIN none can be opened"
    hint = "run the command at a terminal, which asks for the PIN, or type it in the window"


class KeyPinWrong(KeystoreError):  # noqa: N818
    """This PIN does not open the key. `wait_s` is how long no other one is tried, in seconds."""

    code = "key-pin-wrong"
    meaning = "the readings in the queue were left as they are"

    def __init__(self, what: str, *, wait_s: float) -> None:
        hint = f"wait {math.ceil(wait_s)} s, then type it again" if wait_s else "type it again"
        super().__init__(what, hint=hint)
        self.wait_s = wait_s
