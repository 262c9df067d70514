"""Joins the sign-in pages with who works at the station, and both with the desk behind them.

A lock hides the work; whoever locked it finds it again. For anybody else, and after signing out,
the patient is left: only a reading that is nowhere else stays, for whoever comes to see to it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ohx_desktop.desk.staff_states import SignedIn, StaffState, is_asking, present

if TYPE_CHECKING:
    from ohx_desktop.app import Workstation
    from ohx_desktop.desk.take_reading import TakeReading
    from ohx_desktop.staff.people import StaffMember
    from ohx_desktop.ui.bridge import Bridge
    from ohx_desktop.ui.staff.window import StaffWindow
    from ohx_desktop.ui.tray.tray_place import TrayPlace


class StationSignIn:
    """`on_hidden` is called when the desk is covered: what is under way beside it ends."""

    def __init__(
        self,
        window: "StaffWindow",
        place: "TrayPlace",
        workstation: "Workstation",
        desk: "TakeReading",
        *,
        bridge: "Bridge",
        on_hidden: Callable[[], None],
    ) -> None:
        self._window = window
        self._place = place
        self._staff = workstation.staff
        self._desk = desk
        self._bridge = bridge
        self._on_hidden = on_hidden
        # Whose work is on the desk, or lies hidden behind the sign-in.
        self._owner: StaffMember | None = None

    def open(self) -> None:
        """Draw who works here, and follow it from now on."""
        window, staff, slot = self._window, self._staff, self._bridge.slot
        staff.on_state = self._show
        self._show(staff.state)
        if not is_asking(staff.state):
            return
        pages = window.sign_in
        pages.person_chosen.connect(staff.choose)
        pages.pin_typed.connect(slot(staff.enter_pin))
        pages.people_requested.connect(slot(staff.show_people))
        pages.ehr_requested.connect(slot(staff.sign_in_at_ehr))
        pages.ehr_cancelled.connect(staff.cancel)
        window.lock_requested.connect(staff.lock)
        window.sign_out_requested.connect(slot(staff.sign_out))
        window.activity_noticed.connect(staff.note_activity)
        self._bridge.start(staff.show_people(), name="people")
        self._bridge.start(staff.watch(), name="idle lock")

    def _show(self, state: StaffState) -> None:
        if isinstance(state, SignedIn):
            # Uncovered only once the desk is this person's.
            self._bridge.start(self._uncover(state), name="signed in")
            return
        was_covered = self._window.is_covered
        self._window.show_staff(state)
        if not is_asking(state):
            return
        if not was_covered:
            self._on_hidden()
        if state.locked is None and self._owner is not None:
            self._owner = None
            self._bridge.start(self._desk.hand_over(), name="hand over")

    async def _uncover(self, state: SignedIn) -> None:
        if self._owner is None or self._owner.reference != state.person.reference:
            await self._desk.hand_over()
        if self._staff.state is not state:
            return  # locked or signed out again meanwhile
        self._owner = present(state)
        self._window.show_staff(state)
        self._place.show_state(self._desk.state)
