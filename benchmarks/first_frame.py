"""From the start of the process to the first frame painted: our window against a bare one.

Both are Python programs on the same platform plug-in; each prints the monotonic clock, which all
processes share, as soon as its first frame is painted. Cold: the page cache is dropped before.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from figure import Figure

_HERE = Path(__file__).parent
_OURS, _BARE = _HERE / "window_ours.py", _HERE / "window_bare.py"
_WARM_RUNS, _COLD_RUNS = 12, 5
_DROP_CACHES = Path("/proc/sys/vm/drop_caches")
_PAGES_AND_NODES = "3"
_PLATFORM = os.environ.get("QT_QPA_PLATFORM", "offscreen")
_DEADLINE_S = 30.0
_TARGET = 1.25


def measure() -> Iterator[Figure]:
    """Yield the warm figure, and the cold one where the cache may be dropped."""
    with tempfile.TemporaryDirectory(prefix="ohx-bench-") as profile:
        for script in (_OURS, _BARE):
            _start(script, profile)
        warm = [(_start(_OURS, profile), _start(_BARE, profile)) for _ in range(_WARM_RUNS)]
        yield _figure("first frame, warm", warm, note=f"platform plug-in {_PLATFORM}")
        if _can_drop_caches():
            cold = [(_cold(_OURS, profile), _cold(_BARE, profile)) for _ in range(_COLD_RUNS)]
            yield _figure("first frame, cold", cold, note="page cache dropped before each run")
        else:
            print(
                "first frame, cold: not measured, only root drops the page cache", file=sys.stderr
            )


def _figure(name: str, pairs: Sequence[tuple[float, float]], note: str) -> Figure:
    ours_ms, bare_ms = zip(*pairs, strict=True)
    return Figure(name=name, ours_ms=ours_ms, bare_ms=bare_ms, target=_TARGET, note=note)


def _start(script: Path, profile: str) -> float:
    """Return the milliseconds until the first frame."""
    environment = {**os.environ, "QT_QPA_PLATFORM": _PLATFORM, "OHX_PROFILE": profile}
    began_ns = time.monotonic_ns()
    done = subprocess.run(
        [sys.executable, str(script)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=_DEADLINE_S,
    )
    return (int(done.stdout) - began_ns) / 1e6


def _cold(script: Path, profile: str) -> float:
    os.sync()
    _DROP_CACHES.write_text(_PAGES_AND_NODES)
    return _start(script, profile)


def _can_drop_caches() -> bool:
    try:
        _DROP_CACHES.write_text(_PAGES_AND_NODES)
    except OSError:
        return False
    return True
