"""User Control Point (0x2A9F): registering at a scale, and gaining access to a slot of it.

A consent code is a shared secret of this installation and the scale: it is in no repr and no error.

Source: User Data Service 1.1, User Control Point.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from ohx_desktop.ble.codec.frame import FrameReader
from ohx_desktop.domain.errors import Unsupported

_NAME = "User Control Point"
_ANSWER = 0x20
HIGHEST_CONSENT_CODE = 9999


class OpCode(IntEnum):
    """What is asked."""

    REGISTER = 0x01
    CONSENT = 0x02
    DELETE_DATA = 0x03
    """Acts on the user of the running consent."""
    LIST_USERS = 0x04
    """Of version 1.1; most scales do not support it."""


class Result(IntEnum):
    """How a request ended."""

    SUCCESS = 1
    OP_CODE_NOT_SUPPORTED = 2
    INVALID_PARAMETER = 3
    OPERATION_FAILED = 4
    """Also: no free slot."""
    NOT_AUTHORISED = 5
    """A wrong code, no such user, or no consent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRequest:
    """A request. REGISTER takes a consent code (0..9999), CONSENT a user index and a code.

    Raises ValueError for parameters that do not go with the op code.
    """

    op_code: OpCode
    user_index: int | None = None
    consent_code: int | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        takes_code = self.op_code in {OpCode.REGISTER, OpCode.CONSENT}
        if takes_code != (self.consent_code is not None):
            raise ValueError("registering and consent take a consent code, nothing else does")
        if (self.op_code is OpCode.CONSENT) != (self.user_index is not None):
            raise ValueError("consent takes a user index, nothing else does")
        if not 0 <= (self.consent_code or 0) <= HIGHEST_CONSENT_CODE:
            raise ValueError("a consent code has at most four digits")
        if not 0 <= (self.user_index or 0) <= 0xFF:  # noqa: PLR2004 - one byte
            raise ValueError("a user index has 8 bits")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAnswer:
    """How a request ended. `op_code` is the number on the wire.

    `user_index` comes with a successful REGISTER, and with version 1.1 after DELETE_DATA; `users`
    with a successful LIST_USERS.
    """

    op_code: int
    result: Result
    user_index: int | None = None
    users: tuple[int, ...] | None = None


def encode_user_request(request: UserRequest) -> bytes:
    """Return the bytes to write."""
    frame = bytes([request.op_code])
    if request.user_index is not None:
        frame += bytes([request.user_index])
    if request.consent_code is not None:
        frame += request.consent_code.to_bytes(2, "little")
    return frame


def decode_user_request(frame: bytes) -> UserRequest:
    """Decode a request, as a scale does. Raises Truncated, TrailingBytes, Unsupported."""
    reader = FrameReader(_NAME, frame)
    try:
        op_code = OpCode(reader.u8())
    except ValueError:
        raise Unsupported(f"{_NAME}: a request of an unknown kind") from None
    index = reader.u8() if op_code is OpCode.CONSENT else None
    code = reader.u16() if op_code in {OpCode.REGISTER, OpCode.CONSENT} else None
    reader.finish()
    if (code or 0) > HIGHEST_CONSENT_CODE:
        raise Unsupported(f"{_NAME}: a consent code of more than four digits")
    return UserRequest(op_code=op_code, user_index=index, consent_code=code)


def encode_user_answer(answer: UserAnswer) -> bytes:
    """Return the bytes that a scale indicates."""
    frame = bytes([_ANSWER, answer.op_code, answer.result])
    if answer.user_index is not None:
        frame += bytes([answer.user_index])
    if answer.users is not None:
        frame += bytes([len(answer.users), *answer.users])
    return frame


def decode_user_answer(frame: bytes) -> UserAnswer:
    """Decode what a scale indicates. Raises Truncated, TrailingBytes, Unsupported."""
    reader = FrameReader(_NAME, frame)
    if reader.u8() != _ANSWER:
        raise Unsupported(f"{_NAME}: an answer of an unknown kind")
    op_code = reader.u8()
    try:
        result = Result(reader.u8())
    except ValueError:
        raise Unsupported(f"{_NAME}: an answer with an unknown result") from None
    index = users = None
    if result is Result.SUCCESS:
        if op_code == OpCode.REGISTER or (op_code == OpCode.DELETE_DATA and reader.left):
            index = reader.u8()
        if op_code == OpCode.LIST_USERS:
            users = tuple(reader.take(reader.u8()))
    reader.finish()
    return UserAnswer(op_code=op_code, result=result, user_index=index, users=users)
