"""The Qt binding and the interpreter must agree on reference counts (PySide6 6.12.0 did not)."""

import sys

from PySide6.QtCore import QObject, Signal


class _Emitter(QObject):
    fired = Signal(bool)


def test_signals_do_not_eat_references_of_true_and_none() -> None:
    emitter = _Emitter()
    emitter.fired.connect(lambda _: None)
    emitter.fired.emit(True)
    before = sys.getrefcount(True), sys.getrefcount(None)
    for _ in range(200):
        emitter.fired.emit(True)
        emitter.setObjectName("x")
    after = sys.getrefcount(True), sys.getrefcount(None)
    # A sound binding moves these by a handful at most; the broken one by one per emission.
    assert all(abs(now - then) < 50 for now, then in zip(after, before, strict=True))
