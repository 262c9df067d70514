"""What a test can see of a window: all its texts, all its controls, what a screen reader finds."""

from collections.abc import Iterator

from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLabel, QLineEdit, QWidget

_CONTROLS = frozenset(
    {
        QAccessible.Role.PushButton,
        QAccessible.Role.CheckBox,
        QAccessible.Role.RadioButton,
        QAccessible.Role.EditableText,
        QAccessible.Role.List,
        QAccessible.Role.ListItem,
    }
)


def every_text(window: QWidget) -> list[str]:
    """Return whatever any widget of the window shows, says or keeps, hidden ones included."""
    found = [window.windowTitle()]
    for widget in (window, *window.findChildren(QWidget)):
        found += [widget.accessibleName(), widget.accessibleDescription(), widget.toolTip()]
        if isinstance(widget, QLabel | QAbstractButton):
            found.append(widget.text())
        if isinstance(widget, QLineEdit):
            widget.undo()
            found += [widget.text()]
        if isinstance(widget, QAbstractItemView):
            model = widget.model()
            found += [str(model.index(row, 0).data()) for row in range(model.rowCount())]
    return [text for text in found if text]


def controls(window: QWidget) -> Iterator[QAccessibleInterface]:
    """Yield the visible controls of the window as a screen reader finds them."""
    root = QAccessible.queryAccessibleInterface(window)
    assert root is not None
    yield from _below(root)


def _below(node: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    for place in range(node.childCount()):
        child = node.child(place)
        if child is None or child.state().invisible:
            continue
        if child.role() in _CONTROLS:
            yield child
        yield from _below(child)
