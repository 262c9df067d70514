"""Takes the answer that a browser brings back from a sign-in page to this very computer.

Source: RFC 8252 (loopback interface redirection).
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus

PATH = "/callback"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = """\
<!doctype html><html lang="en"><meta charset="utf-8"><title>OHX Desktop</title>
<body style="font:1.25rem system-ui;margin:4rem;max-width:36rem">
<h1 style="font-size:1.5rem">You can close this page</h1>
<p>Go back to OHX Desktop. It shows whether you are signed in.</p></body></html>
"""


class Loopback:
    """A page on the loopback interface that waits for one answer."""

    def __init__(self, redirect_uri: str, answer: asyncio.Future[dict[str, str]]) -> None:
        self.redirect_uri = redirect_uri
        self._answer = answer

    async def answer(self, deadline_s: float) -> dict[str, str]:
        """Return the parameters with which the browser came back. Raises TimeoutError."""
        async with asyncio.timeout(deadline_s):
            return await asyncio.shield(self._answer)


@asynccontextmanager
async def loopback(state: str, port: int = 0) -> AsyncGenerator[Loopback]:
    """Listen on 127.0.0.1 while the context is open; `port` 0 takes any.

    Only the answer that carries `state` counts: any page of any browser here may call this address.
    Servers shall accept any port (RFC 8252); some want the one that was registered. Raises OSError
    where that one is taken.
    """
    from aiohttp import web

    answer: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    async def called_back(request: web.Request) -> web.Response:
        is_ours = secrets.compare_digest(request.query.get("state", "").encode(), state.encode())
        if not is_ours:
            return web.Response(status=HTTPStatus.BAD_REQUEST, headers=_HEADERS)
        if not answer.done():
            answer.set_result(dict(request.query))
        return web.Response(text=_PAGE, content_type="text/html", headers=_HEADERS)

    application = web.Application()
    application.router.add_get(PATH, called_back)
    # No access log: the code is in the address.
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        bound = runner.addresses[0][1]
        yield Loopback(f"http://127.0.0.1:{bound}{PATH}", answer)
    finally:
        await runner.cleanup()
        answer.cancel()
