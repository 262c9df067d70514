"""The tray in the staff window: readings nobody has confirmed yet."""
