"""The way through the system's browser: authorization code with PKCE and state, over loopback.

Source: RFC 6749 section 4.1, RFC 7636, RFC 8252.
"""

import asyncio
import secrets
import webbrowser
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636.challenge import create_s256_code_challenge

from ohx_desktop.domain.errors import ConfigurationError, NotAuthorised
from ohx_desktop.oauth.loopback import loopback

# A person types a password, finds a phone for the second factor.
SIGN_IN_S = 300.0

OpenBrowser = Callable[[str], Awaitable[bool]]
"""Opens an address in the system's browser; False where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A code, and all that its exchange needs."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str


async def open_system_browser(url: str) -> bool:
    """Open the system's browser."""
    return await asyncio.to_thread(webbrowser.open, url)


async def authorize(
    endpoint: str,
    *,
    client_id: str,
    service: str,
    port: int = 0,
    redirect_url: str | None = None,
    by_way_of: Callable[[str], str] = str,
    port_setting: str = "ehr.auth.redirect_port",
    open_browser: OpenBrowser = open_system_browser,
    deadline_s: float = SIGN_IN_S,
    **parameters: str,
) -> Grant:
    """Have a person sign in with the browser and return the grant.

    `redirect_url` is a page elsewhere that sends the browser on to `port` here, where the server
    knows no other. `by_way_of` gives the address to open, for a page that leads to the sign-in.
    Raises NotAuthorised where they do not, ConfigurationError where the page cannot be opened.
    """
    verifier, state = secrets.token_urlsafe(64), secrets.token_urlsafe(32)
    try:
        async with loopback(state, port) as page:
            url = prepare_grant_uri(
                endpoint,
                client_id,
                "code",
                redirect_uri=redirect_url or page.redirect_uri,
                state=state,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
                **parameters,
            )
            if not await open_browser(by_way_of(url)):
                raise ConfigurationError(
                    "no browser can be opened on this computer",
                    hint="set a default browser, or sign in on another workstation",
                )
            answer = await page.answer(deadline_s)
            return Grant(
                code=_code(answer, service),
                verifier=verifier,
                redirect_uri=redirect_url or page.redirect_uri,
            )
    except TimeoutError:
        raise NotAuthorised(
            f"nobody finished the sign-in at {service} in time", hint="sign in again"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"port {port} of this computer, for the sign-in, is taken ({error.strerror})",
            hint=f"close the program that uses it, or set {port_setting} to another",
        ) from error


def _code(answer: dict[str, str], service: str) -> str:
    """Return the code. The answer came from a browser, so nothing of it is quoted."""
    if answer.get("error") == "access_denied":
        raise NotAuthorised("the sign-in was declined", hint="sign in again")
    if "error" in answer or not answer.get("code"):
        raise NotAuthorised(
            f"{service} did not let you in", hint="sign in again, or ask an administrator"
        )
    return answer["code"]
