"""Pairing between this computer and a virtual device.

Models what a program can notice: which questions the person is asked, and how it ends. No keys
are computed. Source: Core specification, Security Manager, association models.
"""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from ohx_desktop.virtual.faults import Faults


class PairingMethod(StrEnum):
    """Which association model a device uses; the names are those of the Security Manager."""

    JUST_WORKS = "just-works"
    PASSKEY_ENTRY = "passkey-entry"
    """The device shows six digits and the person types them on this computer."""
    NUMERIC_COMPARISON = "numeric-comparison"
    """Both show six digits and the person confirms that they are equal."""


class PairingFailure(StrEnum):
    """How pairing failed."""

    REFUSED = "refused"
    WRONG_PASSKEY = "wrong-passkey"
    CANCELLED = "cancelled"


class PairingFailed(Exception):  # noqa: N818 - reads as what happened
    """The device or the person did not agree."""

    def __init__(self, failure: PairingFailure) -> None:
        super().__init__(f"pairing failed: {failure.value}")
        self.failure = failure


class PairingAgent(Protocol):
    """The person at this computer."""

    async def enter_passkey(self) -> int:
        """Type the six digits that the device shows. Raises PairingFailed when given up."""
        ...

    async def confirm(self, passkey: int) -> bool:
        """Say whether the device shows the same six digits."""
        ...


class NoAgent:
    """Nobody is there: enough for Just Works, refuses everything else."""

    async def enter_passkey(self) -> int:
        """Refuse."""
        raise PairingFailed(PairingFailure.REFUSED)

    async def confirm(self, passkey: int) -> bool:  # noqa: ARG002 - the protocol's form
        """Refuse."""
        return False


async def negotiate(
    method: PairingMethod,
    agent: PairingAgent,
    faults: Faults,
    *,
    passkey: int,
    show: Callable[[str | None], None],
) -> None:
    """Pair, or raise PairingFailed. `show` puts text on the device's display and clears it."""
    if faults.pairing_never_ends:
        await asyncio.Event().wait()
    if faults.refuse_pairing:
        raise PairingFailed(PairingFailure.REFUSED)
    if method is PairingMethod.JUST_WORKS:
        return
    show(f"{passkey:06d}")
    try:
        if method is PairingMethod.PASSKEY_ENTRY:
            if await agent.enter_passkey() != passkey:
                raise PairingFailed(PairingFailure.WRONG_PASSKEY)
        elif not await agent.confirm(passkey):
            raise PairingFailed(PairingFailure.REFUSED)
    finally:
        show(None)
