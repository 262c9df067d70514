"""Checks PINs against the keyring, ever slower after wrong ones; a restart changes nothing in that.

Everything here blocks; call it from a thread.
"""

from collections.abc import Callable
from dataclasses import replace

from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.guessing import delay_s
from ohx_desktop.ops.logging import log_event
from ohx_desktop.staff.pin import KeptPin, decoded, encoded, keep, require_usable
from ohx_desktop.staff.pin_answer import PinAnswer, PinProblem


class Pins:
    """The PINs of one profile. `load`, `save` and `erase` are its keyring, by names of secrets.

    Methods raise the KeystoreError family.
    """

    def __init__(
        self,
        *,
        load: Callable[[str], str | None],
        save: Callable[[str, str], None],
        erase: Callable[[str], None],
        now: Now = system_now,
    ) -> None:
        self._load = load
        self._save = save
        self._erase = erase
        self._now = now

    def is_set(self, reference: str) -> bool:
        """Tell whether this person has a PIN."""
        return self._load(_name(reference)) is not None

    def set(self, reference: str, pin: str, *, least_digits: int) -> None:
        """Give a person a PIN; wrong tries are forgotten. Raises UsageError for a weak one."""
        require_usable(pin, least_digits)
        self._keep(reference, keep(pin))

    def remove(self, reference: str) -> None:
        """Take a person's PIN away, if there is one."""
        self._erase(_name(reference))

    def check(self, reference: str, pin: str) -> PinAnswer:
        """Tell whether this is the person's PIN."""
        text = self._load(_name(reference))
        if text is None:
            return PinAnswer(problem=PinProblem.NOT_SET)
        kept, now = decoded(text), self._now()
        wait_s = kept.wait_s(now)
        if wait_s > 0:
            return PinAnswer(problem=PinProblem.TOO_SOON, wait_s=wait_s)
        # Counted before it is tried: who ends the program in the middle has tried as well.
        tried = replace(kept, wrong=kept.wrong + 1, last_wrong_at=now.isoformat())
        self._keep(reference, tried)
        if kept.matches(pin):
            self._keep(reference, replace(kept, wrong=0, last_wrong_at=None))
            return PinAnswer()
        log_event("staff.pin_wrong")
        return PinAnswer(problem=PinProblem.WRONG, wait_s=delay_s(tried.wrong))

    def _keep(self, reference: str, kept: KeptPin) -> None:
        self._save(_name(reference), encoded(kept))


def _name(reference: str) -> str:
    return f"staff.pin.{reference}"
