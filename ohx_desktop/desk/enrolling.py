"""Registering a device: the state machine between a person, the radio and the registry.

Every command and every event produces the next state (`desk.enrolling_states`), which is shown as
it is. One thing runs at a time: a search, an enrolment, or forgetting; whatever begins next ends it
and waits until its link is down.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from ohx_desktop.ble.events import CaptureEvent, StateChanged
from ohx_desktop.ble.pairing_help import pairing_help
from ohx_desktop.desk.devices import BondLeft, Devices
from ohx_desktop.desk.enrolling_states import (
    Chosen,
    DeviceList,
    EnrolFailed,
    Enrolling,
    EnrolState,
    FoundDevice,
    Registered,
    Searching,
)
from ohx_desktop.desk.passkey import PasskeyDesk
from ohx_desktop.desk.states import PasskeyQuestion
from ohx_desktop.domain.errors import OhxError, PairingRefused, PasskeyRefused
from ohx_desktop.ops.logging import log_problem

# Devices are on the air for half a minute to a minute after a press; two presses fit in.
SEARCH_S = 120.0
# A person reads the steps, then presses: pairing mode itself ends after about a minute.
WAIT_FOR_DEVICE_S = 90.0


class DeviceDesk:
    """The conversation of the devices page. Commands that do not fit the state are ignored.

    `on_state` is called with each new state, on the event loop; `on_failure` gets an exception that
    is a bug. `close` must be awaited at the end. `platform` is as `sys.platform` tells it.
    """

    def __init__(
        self,
        devices: Devices,
        passkeys: PasskeyDesk,
        *,
        on_state: Callable[[EnrolState], None],
        on_failure: Callable[[BaseException], None],
        platform: str = sys.platform,
    ) -> None:
        self._devices = devices
        self._passkeys = passkeys
        self._on_state = on_state
        self._on_failure = on_failure
        self._platform = platform
        self._work: asyncio.Task[None] | None = None
        self._passkey_was_asked = False
        self._one_at_a_time = asyncio.Lock()
        self.state: EnrolState = DeviceList(devices=devices.registered)

    # ── commands ─────────────────────────────────────────────────────────────────────────────

    async def show_list(self) -> None:
        """Show the registered devices; whatever runs is given up."""
        await self._turn_to(DeviceList(devices=self._devices.registered))

    async def search(self) -> None:
        """Listen for devices, from any state; whatever runs is given up."""
        await self._turn_to(Searching(), self._search)

    async def choose(self, device: FoundDevice) -> None:
        """Choose a device that was found; one that is not read cannot be chosen."""
        if isinstance(self.state, Searching) and device.recognised is not None:
            steps = pairing_help(device.recognised, platform=self._platform)
            await self._turn_to(Chosen(device=device, steps=steps))

    async def enrol(self) -> None:
        """Make the chosen device known; also after it failed."""
        state = self.state
        if isinstance(state, Chosen | EnrolFailed):
            enrolling = Enrolling(device=state.device, steps=state.steps)
            await self._turn_to(enrolling, partial(self._enrol, state.device))

    async def forget(self, address: str) -> None:
        """Forget a registered device. The shell has asked whether that is meant."""
        if isinstance(self.state, DeviceList) and self.state.forgetting is None:
            forgetting = DeviceList(devices=self._devices.registered, forgetting=address)
            await self._turn_to(forgetting, partial(self._forget, address))

    def show_question(self, question: PasskeyQuestion | None) -> None:
        """Take note of the number a device asks for, or that it no longer does."""
        if isinstance(self.state, Enrolling):
            self._passkey_was_asked = self._passkey_was_asked or question is not None
            self._show(replace(self.state, question=question))

    async def close(self) -> None:
        """End whatever runs; the state stays as it is."""
        async with self._one_at_a_time:
            await self._stop()

    # ── what happens meanwhile ───────────────────────────────────────────────────────────────

    async def _search(self) -> None:
        try:
            async with asyncio.timeout(SEARCH_S), aclosing(self._devices.search()) as news:
                async for found in news:
                    if isinstance(self.state, Searching):
                        self._show(replace(self.state, found=found))
        except TimeoutError:
            if isinstance(self.state, Searching):
                self._show(replace(self.state, is_over=True))
        except OhxError as error:
            log_problem(error)
            if isinstance(self.state, Searching):
                self._show(replace(self.state, error=error, is_over=True))

    async def _enrol(self, device: FoundDevice) -> None:
        self._passkey_was_asked = False
        try:
            registered = await self._devices.enrol(
                device.address, deadline_s=WAIT_FOR_DEVICE_S, on_event=self._heard
            )
        except OhxError as error:
            log_problem(error)
            self._failed(self._explained(error))
        else:
            self._passkeys.give_up()
            self._show(Registered(device=registered))

    def _heard(self, event: CaptureEvent) -> None:
        if isinstance(event, StateChanged) and isinstance(self.state, Enrolling):
            self._show(replace(self.state, link=event.state))

    def _failed(self, error: OhxError) -> None:
        self._passkeys.give_up()
        state = self.state
        if isinstance(state, Enrolling):
            self._show(EnrolFailed(device=state.device, steps=state.steps, error=error))

    def _explained(self, error: OhxError) -> OhxError:
        """Name a refusal after the number, where one was asked for: then that is what failed."""
        is_named = isinstance(error, PasskeyRefused) or not isinstance(error, PairingRefused)
        if is_named or not self._passkey_was_asked:
            return error
        return PasskeyRefused("the device did not get the number that it shows")

    async def _forget(self, address: str) -> None:
        try:
            forgotten = await self._devices.forget(address)
        except OhxError as error:
            log_problem(error)
            self._show(DeviceList(devices=self._devices.registered, error=error))
            return
        left = forgotten.device if forgotten.bond is BondLeft.BY_HAND else None
        self._show(DeviceList(devices=self._devices.registered, bond_left=left))

    # ── house-keeping ────────────────────────────────────────────────────────────────────────

    async def _turn_to(
        self, state: EnrolState, work: Callable[[], Coroutine[None, None, None]] | None = None
    ) -> None:
        """Show a state at once; its work begins when what ran before has put its link down."""
        self._show(state)
        async with self._one_at_a_time:
            await self._stop()
            if work is not None and self.state is state:
                self._start(work())

    def _show(self, state: EnrolState) -> None:
        self.state = state
        self._on_state(state)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._work = asyncio.create_task(work)
        self._work.add_done_callback(self._report)

    def _report(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._on_failure(error)

    async def _stop(self) -> None:
        work, self._work = self._work, None
        self._passkeys.give_up()
        if work is not None and not work.done():
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
