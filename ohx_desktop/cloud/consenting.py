"""From the patient's consent in the browser to the account behind it, before anything is kept.

The code lives thirty seconds at Withings, so it is exchanged before anything else happens.

Source: RFC 8252, RFC 7636; Withings developer guide, OAuth web flow; Google Identity.
"""

from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from ohx_desktop.cloud.calls import Calls
from ohx_desktop.cloud.errors import DuplicateRequest, NeedsConsent, ScopeMissing
from ohx_desktop.cloud.found_account import ConsentStep, FoundAccount
from ohx_desktop.cloud.google_health.client import GoogleHealthClient, identity
from ohx_desktop.cloud.links import ConsentUnfinished, Pair
from ohx_desktop.cloud.ports import CloudClient, Permit
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.registration import Registration
from ohx_desktop.cloud.scopes import Opens, missing, scope_text
from ohx_desktop.cloud.token_answers import TokenAnswer
from ohx_desktop.cloud.token_endpoint import TokenEndpoint
from ohx_desktop.cloud.tokens import pair_of
from ohx_desktop.cloud.withings.client import Stream, WithingsClient
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.oauth.authorization import Grant, OpenBrowser, authorize
from ohx_desktop.transport import HttpClient

# A patient finds the password of an account that was made years ago.
CONSENT_S = 300.0
_PROMPT = {"prompt": "select_account consent", "access_type": "offline"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRoom:
    """What one provider's consent needs."""

    http: HttpClient
    registration: Registration
    endpoint: TokenEndpoint
    permit: Permit
    now: Now = system_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Consented:
    """What the patient's consent brought: tokens, and the account where it was told with them."""

    answer: TokenAnswer
    pair: Pair

    @property
    def account(self) -> str | None:
        """The account, None where the provider is yet to be asked."""
        return self.answer.user_id


async def consent(
    room: ConsentRoom,
    open_browser: OpenBrowser,
    *,
    on_step: Callable[[ConsentStep], None],
    deadline_s: float = CONSENT_S,
) -> Consented:
    """Have the patient sign in and exchange what they bring. Nothing is kept.

    Raises NotAuthorised where they do not sign in, ConsentUnfinished where nothing lasting came of
    it, ConfigurationError where the browser or the port cannot be used, and CloudError.
    """
    on_step(ConsentStep.BROWSER)
    grant = await _granted(room.registration, open_browser, deadline_s)
    on_step(ConsentStep.EXCHANGE)
    return await _exchanged(room, grant)


async def _granted(told: Registration, open_browser: OpenBrowser, deadline_s: float) -> Grant:
    prompt = _PROMPT if told.provider is Provider.GOOGLE_HEALTH else {}
    return await authorize(
        told.addresses.authorize,
        client_id=told.client_id,
        service=told.provider.service,
        port=told.redirect_port,
        redirect_url=told.redirect_url,
        by_way_of=told.by_way_of,
        port_setting=f"cloud.{told.provider}.redirect_port",
        open_browser=open_browser,
        deadline_s=deadline_s,
        scope=scope_text(told.provider, with_activity=told.with_activity),
        **prompt,
    )


async def _exchanged(room: ConsentRoom, grant: Grant) -> Consented:
    service = room.registration.provider.service
    try:
        answer = await room.endpoint.exchange(
            grant.code, redirect_uri=grant.redirect_uri, verifier=grant.verifier
        )
        return Consented(answer=answer, pair=pair_of(answer, room.now()))
    except NeedsConsent as error:
        raise ConsentUnfinished(
            f"{service} did not take the sign-in: it took too long or was used before"
        ) from error
    except DuplicateRequest as error:
        # The first one may have succeeded: asking again would meet a code that is used.
        raise ConsentUnfinished(f"{service} was asked twice for one sign-in") from error
    except ValueError as error:
        raise ConsentUnfinished(
            f"{service} gave no lasting permission",
            hint="connect the account again; if it stays so, take this program's access away in "
            "the account's settings first",
        ) from error


async def account_of(room: ConsentRoom, consented: Consented) -> FoundAccount:
    """Return whose account it is, with what a person knows it by.

    Raises ScopeMissing where no measurement may be read, and CloudError.
    """
    told, answer, pair = room.registration, consented.answer, consented.pair
    left_out = missing(told.provider, answer.scopes, with_activity=told.with_activity)
    if Opens.MEASUREMENTS in left_out:
        raise ScopeMissing(told.provider.service)

    async def access_token(*, refused: str | None = None) -> str:
        if refused is not None:
            raise NeedsConsent(told.provider.service)
        return pair.access

    calls = Calls(
        room.http,
        told.addresses.api,
        service=told.provider.service,
        access_token=access_token,
        permit=room.permit,
    )
    client: CloudClient
    if told.provider is Provider.WITHINGS:
        if answer.user_id is None:
            raise ConsentUnfinished("Withings did not tell whose account it is")
        user_id, stream = answer.user_id, Stream.MEASURES.value
        client = WithingsClient(calls, user_id=user_id, granted=answer.scopes, now=room.now)
    else:
        user_id, stream = (await identity(calls)).user_id, "weight"
        client = GoogleHealthClient(calls, user_id=user_id, now=room.now)
    ends_s = answer.refresh_expires_in_s
    return FoundAccount(
        provider=told.provider,
        account=user_id,
        pair=pair,
        scopes=answer.scopes,
        missing=left_out,
        devices=await client.devices(),
        last_weighing=await _last_weighing(client, stream),
        ends_in=None if ends_s is None else timedelta(seconds=ends_s),
    )


async def _last_weighing(client: CloudClient, stream: str) -> datetime | None:
    """Return when somebody last stood on the scale, as far as the first page tells."""
    with suppress(ScopeMissing):
        async with aclosing(client.fetch(stream, None)) as pages:
            async for page in pages:
                return max(
                    (
                        record.when.at
                        for record in page.records
                        for value in record.values
                        if value.quantity.kind is QuantityKind.BODY_WEIGHT
                    ),
                    default=None,
                )
    return None
