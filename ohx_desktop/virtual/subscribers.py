"""Who wants the values of one characteristic on the emulated BlueZ."""

import socket
from collections.abc import Callable


class Subscribers:
    """Programs that called StartNotify, and the socket of the one that called AcquireNotify.

    BlueZ hands a value on once for each of them. As property changes are heard by everybody, two
    subscriptions make every value arrive twice, which a program has to live with.
    """

    def __init__(
        self, *, on_value: Callable[[bytes], None], on_change: Callable[[bool], None]
    ) -> None:
        self._on_value = on_value
        self._on_change = on_change
        self._senders: list[str] = []
        self._acquired: tuple[str, socket.socket] | None = None

    @property
    def is_acquired(self) -> bool:
        """Whether a program took the values for itself alone."""
        return self._acquired is not None

    @property
    def is_wanted(self) -> bool:
        """Whether anybody wants the values."""
        return bool(self._senders) or self.is_acquired

    def add(self, sender: str) -> None:
        """Count a program in."""
        if sender not in self._senders:
            self._senders.append(sender)
        self._on_change(True)

    def acquire(self, sender: str) -> socket.socket:
        """Give a program the values by a socket of its own; returns its end."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._acquired = (sender, ours)
        self._on_change(True)
        return theirs

    def remove(self, sender: str) -> bool:
        """Count a program out; tells whether it was in."""
        was_in = sender in self._senders
        if was_in:
            self._senders.remove(sender)
        if self._acquired is not None and self._acquired[0] == sender:
            self.release()
            was_in = True
        if was_in:
            self._on_change(self.is_wanted)
        return was_in

    def release(self) -> None:
        """Close the socket of the program that took the values for itself."""
        if self._acquired is not None:
            self._acquired[1].close()
            self._acquired = None

    def deliver(self, value: bytes) -> None:
        """Hand a value on, once for each subscription."""
        if self._acquired is not None:
            self._acquired[1].send(value)
        for _ in self._senders:
            self._on_value(value)
