"""Staff sign in with the EHR's own page; their token signs what the queue sends from then on."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from ohx_desktop.domain.errors import OhxError
from ohx_desktop.fhir.auth.launch import SmartLaunch
from ohx_desktop.oauth.token import Token
from ohx_desktop.oauth.token_source import TokenSource
from ohx_desktop.ops.logging import log_problem
from ohx_desktop.staff.people import StaffMember

# Whoever signs out does not wait longer for an EHR that does not answer.
REVOKE_S = 5.0
# Nor whoever signs in, for their own name.
NAME_S = 5.0

NameOf = Callable[[str], Awaitable[str | None]]
"""Reads the name of a Practitioner/ID or PractitionerRole/ID in the EHR."""


class SignInAtEhr:
    """Puts the token of who signs in into `tokens`. `urge` has the queue go on."""

    def __init__(
        self,
        launch: SmartLaunch,
        tokens: TokenSource,
        name_of: NameOf,
        urge: Callable[[], None],
    ) -> None:
        self._launch = launch
        self._tokens = tokens
        self._name_of = name_of
        self._urge = urge

    async def sign_in(self) -> StaffMember:
        """Have a person sign in. Raises NotAuthorised, Misconfigured, Transient."""
        signed_in = await self._launch.sign_in()
        before = self._tokens.token
        self._tokens.use(signed_in.token)
        staff = signed_in.staff
        try:
            name = await self._name(staff.reference)
        except asyncio.CancelledError:
            # Whoever gave up is not signed in; who was before, still is.
            self._tokens.restore(before)
            raise
        if before is not None:
            await self._revoke(before)
        self._urge()
        names = (name, staff.name, staff.reference)
        shown = next(one for one in names if one and one.strip() and one.isprintable())
        return StaffMember(reference=staff.reference, name=shown)

    async def sign_out(self) -> None:
        """Forget the token at once, then take it back at the EHR."""
        token = self._tokens.token
        self._tokens.forget()
        if token is not None:
            await self._revoke(token)

    async def _name(self, reference: str) -> str | None:
        with suppress(TimeoutError):
            async with asyncio.timeout(NAME_S):
                try:
                    return await self._name_of(reference)
                except OhxError as error:
                    log_problem(error)
        return None

    async def _revoke(self, token: Token) -> None:
        """Take a token back; one that cannot be taken back now ends by itself."""
        with suppress(TimeoutError):
            async with asyncio.timeout(REVOKE_S):
                try:
                    await self._launch.revoke(token)
                except OhxError as error:
                    log_problem(error)
