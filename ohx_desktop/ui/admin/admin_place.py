"""Joins the administrator's pages with their services, reached only while no patient is in view."""

from collections.abc import Awaitable, Callable, Sequence

from ohx_desktop.desk.admin_states import AdminHome, AdminState, EhrCheck, MappingPreview
from ohx_desktop.desk.clinic_mapping import ClinicMapping
from ohx_desktop.desk.ehr_check import EhrCheckDesk, OpenEhrCheck
from ohx_desktop.desk.mapping_preview import MappingDesk
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.ui.bridge import Bridge
from ohx_desktop.ui.staff.window import StaffWindow


class AdminPlace:
    """The administrator's pages of a running station.

    `problems` tells what has to be mended now; `clear_desk` leaves whoever is in view, and tells
    whether that was possible. `close` must be awaited at the end.
    """

    def __init__(
        self,
        window: StaffWindow,
        *,
        mapping: ClinicMapping,
        open_check: OpenEhrCheck,
        problems: Callable[[], Sequence[OhxError]],
        clear_desk: Callable[[], Awaitable[bool]],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._window = window
        self._problems = problems
        self._clear_desk = clear_desk
        self._shown: type[AdminState] | None = None
        self._check = EhrCheckDesk(open_check, on_state=self._show, on_failure=on_failure)
        self._mapping = MappingDesk(mapping, on_state=self._show)

    def connect(self, bridge: Bridge) -> None:
        """Follow the signals of the window."""
        self._window.show_setup(self._problems())
        self._window.admin_requested.connect(bridge.slot(self._enter))
        pages = self._window.admin
        pages.left.connect(bridge.slot(self.leave))
        pages.home_requested.connect(bridge.slot(self._go_home))
        pages.check_requested.connect(self._show_check)
        pages.mapping_requested.connect(bridge.slot(self._show_mapping))
        pages.check.run_requested.connect(bridge.slot(self._check.start))
        pages.check.cancel_requested.connect(bridge.slot(self._check.cancel))
        pages.mapping.file_chosen.connect(bridge.slot(self._mapping.choose))
        pages.mapping.in_force_requested.connect(bridge.slot(self._mapping.show_in_force))
        pages.mapping.put_requested.connect(bridge.slot(self._mapping.put_in_force))

    async def leave(self) -> None:
        """Go back to the desk; what runs there ends."""
        self._shown = None
        self._window.leave_admin()
        await self._check.close()

    async def close(self) -> None:
        """End whatever runs."""
        await self._check.close()

    # ── private ──────────────────────────────────────────────────────────────────────────────

    def _show(self, state: AdminState) -> None:
        """Draw a state of the page that is in view; what comes late for another is left away."""
        if type(state) is self._shown:
            self._window.show_admin(state)
        if isinstance(state, MappingPreview) and state.done is not None:
            self._window.show_setup(self._problems())

    def _turn_to(self, state: AdminState) -> None:
        self._shown = type(state)
        self._show(state)

    async def _enter(self) -> None:
        if await self._clear_desk():
            self._turn_to(AdminHome(problems=tuple(self._problems())))

    async def _go_home(self) -> None:
        self._turn_to(AdminHome(problems=tuple(self._problems())))
        await self._check.close()

    def _show_check(self) -> None:
        self._turn_to(EhrCheck())

    async def _show_mapping(self) -> None:
        self._turn_to(MappingPreview())
        await self._mapping.show_in_force()
