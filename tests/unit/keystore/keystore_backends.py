"""Keyring backends for the tests: foreign libraries as they come, good and bad."""

from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked, PasswordSetError


class MemoryKeyring(KeyringBackend):
    """Keeps everything, in the class, as another process would find it."""

    priority = 9.0
    kept: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class ForgetfulKeyring(MemoryKeyring):
    """Says yes and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        return


class LockedKeyring(MemoryKeyring):
    """Is there, but nobody unlocked it."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")


class DismissedKeyring(MemoryKeyring):
    """The Secret Service at first use, when the prompt is dismissed."""

    def get_password(self, service: str, username: str) -> str | None:
        raise InitError("Failed to create the collection: Prompt dismissed.")


class TalkativeKeyring(MemoryKeyring):
    """Quotes the secret in its complaint."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise PasswordSetError(f"cannot keep {password}")


class BrokenKeyring(MemoryKeyring):
    """Fails with an error of its own library."""

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError("the bus is gone")
