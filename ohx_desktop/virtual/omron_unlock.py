"""How an Omron cuff lets a host at its memory: by a key it was given, a token, or the bond."""

from collections.abc import Callable

from ohx_desktop.virtual.omron_models import Unlock

KEY_LENGTH = 16
_TOKEN_LENGTH = 4

_STORE_KEY, _GIVE_KEY, _PROGRAM_KEY, _TOKEN = 0x00, 0x01, 0x02, 0x11
_REPLY = 0x80
_OK, _WRONG_KEY, _NOT_ENCRYPTED = 0x00, 0x04, 0x0F


class Lock:
    """The lock of one cuff. `key` outlives the links; `lock` begins a new one.

    `is_encrypted` and `in_pairing_mode` are asked at each command.
    """

    def __init__(
        self,
        kind: Unlock,
        *,
        key: bytes | None,
        is_encrypted: Callable[[], bool],
        in_pairing_mode: Callable[[], bool],
    ) -> None:
        self.key = key
        self.was_programmed = False
        self._kind = kind
        self._is_encrypted = is_encrypted
        self._in_pairing_mode = in_pairing_mode
        self._accepts_key = False
        self._is_open = False

    @property
    def is_open(self) -> bool:
        """Whether commands for the memory are answered now."""
        return self._is_encrypted() and (self._is_open or self._kind is Unlock.BOND)

    def lock(self) -> None:
        """Begin a new link: locked, and no key is being programmed."""
        self._is_open = self._accepts_key = self.was_programmed = False

    def answer(self, command: bytes) -> bytes | None:
        """Return the reply to what was written to the unlock characteristic, None for silence."""
        if self._kind is not Unlock.KEY:
            return self._answer_token(command)
        if len(command) != 1 + KEY_LENGTH:
            return None
        if command[0] == _PROGRAM_KEY:
            return self._program()
        return self._answer_key(command[0], command[1:])

    def _answer_key(self, operation: int, key: bytes) -> bytes | None:
        if not self._is_encrypted():
            return bytes(KEY_LENGTH + 1)
        if operation == _STORE_KEY and self._accepts_key:
            self.key, self._accepts_key = key, False
            self._is_open = self.was_programmed = True
            return bytes((_REPLY | _STORE_KEY, _OK))
        if operation == _GIVE_KEY:
            self._is_open = key == self.key
            return bytes((_REPLY | _GIVE_KEY, _OK if self._is_open else _WRONG_KEY))
        return None

    def _program(self) -> bytes | None:
        if not self._is_encrypted():
            return bytes((_REPLY | _PROGRAM_KEY, _NOT_ENCRYPTED))
        if not self._in_pairing_mode():
            return None
        self._accepts_key = True
        return bytes((_REPLY | _PROGRAM_KEY, _OK))

    def _answer_token(self, command: bytes) -> bytes | None:
        is_token = self._kind is Unlock.TOKEN and command[:1] == bytes((_TOKEN,))
        if not is_token or not self._is_encrypted():
            return None
        self._is_open = True
        return bytes((_REPLY | _TOKEN, _OK)) + command[1 : 1 + _TOKEN_LENGTH]
