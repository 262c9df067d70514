"""What is left behind when the program breaks: type and place, never a text or the memory.

The text of an exception may quote what was handled, and standard error ends in the system's journal
on the disk. A core dump holds everything: readings, names, the key of the queue.
"""

import os
import sys
import threading
from types import TracebackType


def leave_nothing_behind(*, shows_traces: bool) -> None:
    """Forbid core dumps, and tell of bugs that nobody caught by type and place.

    With `shows_traces` a person asked for the whole of it (`--debug`).
    """
    _forbid_core_dumps()
    if shows_traces:
        return
    sys.excepthook = _tell
    threading.excepthook = lambda told: _tell(told.exc_type, told.exc_value, told.exc_traceback)
    sys.unraisablehook = lambda told: _tell(told.exc_type, told.exc_value, told.exc_traceback)


def _forbid_core_dumps() -> None:
    if os.name != "posix":  # Windows keeps dumps by its own settings: docs/keys.md
        return
    import resource

    # The soft limit alone: a browser that we open may set its own.
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def _tell(
    kind: type[BaseException], error: BaseException | None, _trace: TracebackType | None
) -> None:
    from ohx_desktop.ops.logging import log_problem, place_of

    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    told = error if error is not None else kind()
    log_problem(told)
    if sys.stderr is not None:
        sys.stderr.write(f"a bug of this program: {kind.__name__} at {place_of(told)}\n")
