"""Joins the page that asks for the PIN of the queue with the key behind it, before all services."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from ohx_desktop.ui.bridge import Bridge

if TYPE_CHECKING:
    from ohx_desktop.app.keys import LockedKey
    from ohx_desktop.settings.model import Settings
    from ohx_desktop.ui.staff.window import StaffWindow


class LeftLocked(Exception):  # noqa: N818 - a person closed the window; nothing is wrong
    """Nobody opened the key: a person left instead."""


class StationUnlock:
    """`dress` is called with the settings before the page is drawn; `leaving` ends the question."""

    def __init__(
        self,
        window: "StaffWindow",
        leaving: asyncio.Event,
        *,
        dress: Callable[["Settings"], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._window = window
        self._leaving = leaving
        self._dress = dress
        self._on_failure = on_failure

    async def ask(self, locked: "LockedKey", settings: "Settings") -> bytes:
        """Return the key once a person has opened it. Raises LeftLocked."""
        from ohx_desktop.desk.unlocking import UnlockDesk

        window = self._window
        self._dress(settings)
        async with Bridge(self._on_failure) as bridge:
            desk = UnlockDesk(locked, on_state=window.show_unlock)
            window.unlock.typed.connect(bridge.slot(desk.enter))
            opening = asyncio.create_task(desk.key())
            leaving = asyncio.create_task(self._leaving.wait())
            try:
                await asyncio.wait({opening, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if not opening.done():
                    raise LeftLocked
                key = opening.result()
            finally:
                opening.cancel()
                leaving.cancel()
        window.show_starting()
        return key
