"""How often a PIN was typed wrongly, on the disk: a restart does not begin anew. Blocking.

It keeps people at the screen from trying; whoever can write here, or has the disk, is not held up.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ohx_desktop.domain.clock import Now
from ohx_desktop.domain.guessing import delay_s, wait_s
from ohx_desktop.keystore.private_file import erase_private, read_private, write_private

_WHAT = "the note of wrong PINs"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tries:
    wrong: int = 0
    last_at: datetime | None = None


class PinTries:
    """The tries noted in `path`. Methods raise KeystoreError."""

    def __init__(self, path: Path, now: Now) -> None:
        self._path = path
        self._now = now

    def wait_s(self) -> float:
        """Return how long nothing more is tried, in seconds."""
        tries = self._noted()
        return wait_s(tries.wrong, tries.last_at, self._now())

    def begin(self) -> float:
        """Note a try before it is made; return how long follows it if it is wrong, in seconds.

        Who ends the program in the middle has tried as well.
        """
        wrong = self._noted().wrong + 1
        form = {"wrong": wrong, "last_at": self._now().isoformat()}
        write_private(self._path, json.dumps(form).encode(), _WHAT, replace=True)
        return delay_s(wrong)

    def forget(self) -> None:
        """Begin anew: the PIN was right."""
        erase_private(self._path, _WHAT)

    def _noted(self) -> _Tries:
        content = read_private(self._path, _WHAT)
        if content is None:
            return _Tries()
        try:
            form = json.loads(content)
            last = datetime.fromisoformat(form["last_at"])
            if last.tzinfo is None:
                raise ValueError("a time without a zone")  # noqa: TRY301 - one way for all damage
            return _Tries(wrong=int(form["wrong"]), last_at=last)
        except (ValueError, TypeError, KeyError):
            # Who could damage it could remove it as well; the next try writes it anew.
            return _Tries()
