"""The users a scale knows: consent codes, body data, and who is standing on it now.

Source: User Data Service, User Control Point; captures of Beurer scales.
"""

import struct
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import IntEnum

HIGHEST_CODE = 9999
UNKNOWN_USER = 0xFF

_RESPONSE = 0x20
_NO_USER = 0


class Operation(IntEnum):
    """Op codes of the User Control Point."""

    REGISTER = 0x01
    CONSENT = 0x02
    DELETE = 0x03


class Result(IntEnum):
    """Response values of the User Control Point."""

    SUCCESS = 0x01
    OP_NOT_SUPPORTED = 0x02
    INVALID_PARAMETER = 0x03
    FAILED = 0x04
    NOT_AUTHORISED = 0x05


@dataclass(slots=True, kw_only=True)
class ScaleUser:
    """One slot: the code that opens it and the body data everything is computed from.

    A new user has the scale's own defaults. `gender`: 0 male, 1 female. `change_increment` counts
    changes of the body data.
    """

    consent_code: int
    born: date = date(1991, 10, 1)
    gender: int = 1
    height_cm: int = 165
    activity: int = 3
    initials: bytes = b"\xff\xff\xff"
    change_increment: int = 0
    last_weight_kg: Decimal | None = None

    def row(self, index: int) -> bytes:
        """Return the twelve bytes of the user list for this user."""
        return (
            struct.pack("<BB3s", 0, index, self.initials)
            + struct.pack("<HBB", self.born.year, self.born.month, self.born.day)
            + bytes((self.height_cm, self.gender, self.activity))
        )


class ScaleUsers:
    """The slots of one scale, numbered from 1.

    `active` is the user whom the scale files measurements under: the last one that a host gave
    consent for, until another consent, whatever happens to the link. `consented` is who the host
    of the present link may read.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._users: dict[int, ScaleUser] = {}
        self.active: int | None = None
        self.consented: int | None = None

    def __getitem__(self, index: int) -> ScaleUser:
        return self._users[index]

    def __contains__(self, index: object) -> bool:
        return index in self._users

    @property
    def indexes(self) -> tuple[int, ...]:
        """The slots in use, rising."""
        return tuple(sorted(self._users))

    @property
    def reader(self) -> ScaleUser | None:
        """The user whose data the present host may read and write."""
        return None if self.consented is None else self._users[self.consented]

    def begin_link(self) -> None:
        """Take the host's consent back; the active user stays."""
        self.consented = None

    def forget_all(self) -> None:
        """Lose every user, as when the batteries are changed."""
        self._users.clear()
        self.active = self.consented = None

    def register(self, consent_code: int) -> int | None:
        """Take the lowest free slot; returns its index, None when the scale is full."""
        index = next((i for i in range(1, self._slots + 1) if i not in self._users), None)
        if index is not None:
            self._users[index] = ScaleUser(consent_code=consent_code)
        return index

    def control(self, request: bytes) -> bytes:
        """Carry out what was written to the User Control Point; returns the response."""
        operation, parameter = request[:1], request[1:]
        match (operation[0] if operation else None, len(parameter)):
            case (Operation.REGISTER, 2):
                result = self._register(int.from_bytes(parameter, "little"))
            case (Operation.CONSENT, 3):
                code = int.from_bytes(parameter[1:], "little")
                result = bytes((self._consent(parameter[0], code),))
            case (Operation.DELETE, 0):
                result = bytes((self._delete(),))
            case (Operation.REGISTER | Operation.CONSENT | Operation.DELETE, _):
                result = bytes((Result.INVALID_PARAMETER,))
            case _:
                result = bytes((Result.OP_NOT_SUPPORTED,))
        return bytes((_RESPONSE,)) + (operation or b"\x00") + result

    def _register(self, code: int) -> bytes:
        if code > HIGHEST_CODE:
            return bytes((Result.INVALID_PARAMETER,))
        index = self.register(code)
        return bytes((Result.FAILED,)) if index is None else bytes((Result.SUCCESS, index))

    def _consent(self, index: int, code: int) -> Result:
        if index == _NO_USER:
            self.active = self.consented = None
        if index not in self._users or self._users[index].consent_code != code:
            return Result.NOT_AUTHORISED
        self.active = self.consented = index
        return Result.SUCCESS

    def _delete(self) -> Result:
        if self.consented is None:
            return Result.NOT_AUTHORISED
        del self._users[self.consented]
        self.active = self.consented = None
        return Result.SUCCESS
