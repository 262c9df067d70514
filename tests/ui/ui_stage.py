"""What a test of a screen asks for: a window in a state."""

from collections.abc import Callable

from ohx_desktop.ui.staff.window import StaffWindow

Stage = Callable[..., StaffWindow]
