"""The window for staff: one screen in four states."""
