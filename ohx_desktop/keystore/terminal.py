"""Asks the person at the terminal for the PIN of the queue. Never argv, never the environment."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path

from ohx_desktop.domain.errors import KeyPinNeeded

_TERMINAL = Path("/dev/tty")


def ask_pin() -> str:
    """Return what a person types, unseen. Blocking; call it on the main thread, for Ctrl-C.

    Raises KeyPinNeeded where there is no terminal.
    """
    if not _has_terminal():
        raise KeyPinNeeded("the key of the queue is sealed with a PIN, and there is no terminal")
    with _interruptible():
        return getpass("PIN of the queue: ")


def _has_terminal() -> bool:
    # Stdin may carry a reading; a person is asked on the terminal itself.
    if os.name != "posix":
        return sys.stdin is not None and sys.stdin.isatty()
    try:
        os.close(os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


@contextmanager
def _interruptible() -> Iterator[None]:
    """Have Ctrl-C end the question; an event loop would only note it until it is answered."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
