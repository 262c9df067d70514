"""When a provider was asked last, as a small file that all programs of a profile share.

A lock of the operating system makes each look a step of its own. What is in it may be lost: then
one request too many may go out, no reading. It names links by their ids, and nothing else.
"""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import filelock

from ohx_desktop.domain.errors import StoreEnvironment

T = TypeVar("T")

# A pause may last an hour; a file that says more was written by a clock that went wrong.
LONGEST_PAUSE_S = 3600.0
_LOCK_S = 5.0


class LimitFile:
    """The state of one provider's limits. Methods block for a moment; `now` is Unix seconds."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, now: float, *, pace_s: float, slack_s: float) -> float:
        """Take the next permit and return 0, or return how long it is until there is one.

        A permit that was not taken in time is not lost: up to `slack_s` is made up for.
        """

        def step(state: dict[str, Any]) -> float:
            paused_s = _left(state, now)
            if paused_s > 0:
                return paused_s
            due = _number(state.get("next"))
            # Somebody else's clock, or ours, was set: nobody reserves more than the next one.
            if due > now + 2 * pace_s:
                due = state["next"] = now + pace_s
            if due > now:
                return due - now
            state["next"] = max(due, now - slack_s) + pace_s
            return 0.0

        return self._step(step)

    def pause(self, now: float, seconds: float) -> None:
        """Give no permit for so long."""

        def step(state: dict[str, Any]) -> None:
            until = now + min(max(seconds, 0.0), LONGEST_PAUSE_S)
            state["paused_until"] = max(until, now + _left(state, now))

        self._step(step)

    def paused_for(self, now: float) -> float:
        """Return how long no permit is given; 0 where nothing is paused."""
        return self._step(lambda state: _left(state, now))

    def touch(self, now: float, name: str, *, gap_s: float, begins: bool) -> float:
        """Note that something is asked now; return how long to wait where it is too soon again.

        `begins` asks first; without it what has just been asked is noted.
        """

        def step(state: dict[str, Any]) -> float:
            told = state.get("asked")
            asked = {
                each: _number(at)
                for each, at in (told.items() if isinstance(told, dict) else ())
                if now - gap_s < _number(at) <= now
            }
            left = asked[name] + gap_s - now if begins and name in asked else 0.0
            if left <= 0:
                asked[name] = now
            state["asked"] = asked
            return left

        return self._step(step)

    def _step(self, step: Callable[[dict[str, Any]], T]) -> T:
        """Read, change and write in one step, against all other programs."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with filelock.FileLock(f"{self._path}.lock", timeout=_LOCK_S, mode=0o600):
                before = self._read()
                state = dict(before)
                result = step(state)
                if state != before:
                    self._path.write_text(json.dumps(state), encoding="utf-8")
                return result
        except (OSError, filelock.Timeout) as error:
            raise StoreEnvironment(
                "the file that paces the cloud services cannot be used",
                meaning="nothing was asked of the provider; no reading was affected",
                hint="let an administrator check the disk and the folder's permissions",
            ) from error

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _left(state: dict[str, Any], now: float) -> float:
    left = _number(state.get("paused_until")) - now
    return left if 0 < left <= LONGEST_PAUSE_S else 0.0


def _number(told: object) -> float:
    if not isinstance(told, int | float) or isinstance(told, bool) or not math.isfinite(told):
        return 0.0
    return float(told)
