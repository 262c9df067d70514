"""The virtual Withings: what its API answers to a form, without any HTTP.

Source: Withings API reference; developer guide.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from ohx_desktop.virtual.cloud.accounts import Account, Accounts
from ohx_desktop.virtual.cloud.quota import Quota
from ohx_desktop.virtual.cloud.tokens import GrantRefusedError, TokenBook, Tokens

Json = dict[str, Any]
Form = Mapping[str, str]

PAGE_SIZE = 100
PER_MINUTE = 120
CODE_S = 30.0
ACCESS_S = 10800
# How wrong a client's clock may be; Withings names no figure.
CLOCK_TOLERANCE_S = 300
_SCOPES = {
    "/measure": "user.metrics",
    "/v2/heart": "user.metrics",
    "/v2/measure": "user.activity",
    "/v2/sleep": "user.activity",
    "/v2/user": "user.info",
}

_ROWS: dict[tuple[str, str], tuple[str, Callable[[Account], list[Json]]]] = {
    ("/v2/sleep", "getsummary"): ("series", lambda account: account.nights),
    ("/v2/measure", "getactivity"): ("activities", lambda account: account.days),
    ("/v2/heart", "list"): ("series", lambda account: account.recordings),
    ("/v2/user", "getdevice"): ("devices", lambda account: account.devices),
}


class VirtualWithings:
    """One application (client id and secret) at a Withings of its own."""

    def __init__(
        self,
        accounts: Accounts,
        *,
        now: Callable[[], float],
        client_id: str,
        client_secret: str,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self.accounts = accounts
        self.client_id = client_id
        self.client_secret = client_secret
        self.page_size = page_size
        self.withheld: frozenset[str] = frozenset()
        """Scopes that whoever is at the browser unticks."""
        self.tokens = TokenBook(now=now, rotates=True, code_s=CODE_S, access_s=ACCESS_S)
        self.quota = Quota(now=now, per_minute=PER_MINUTE)
        self.now = now
        self._nonces: set[str] = set()

    def answer(self, path: str, form: Form, bearer: str | None) -> Json:
        """Return the envelope for a call."""
        if self.quota.is_used_up():
            return _failed(601, "Too Many Requests")
        if self.quota.is_repeated((path, bearer, frozenset(form.items()))):
            return _failed(601, "Same arguments in less than 10 seconds")
        if path == "/v2/oauth2":
            return self._oauth(form)
        if path == "/v2/signature":
            return self._nonce(form)
        return self._data(path, form, bearer)

    def _oauth(self, form: Form) -> Json:
        match form.get("action"):
            case "requesttoken":
                return self._token(form)
            case "revoke":
                return self._revoke(form)
            case _:
                return _failed(2554, "Action does not exist")

    def _token(self, form: Form) -> Json:
        if (form.get("client_id"), form.get("client_secret")) != (
            self.client_id,
            self.client_secret,
        ):
            return _failed(503, "Invalid Params: client_id")
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    tokens = self.tokens.exchange(
                        form.get("code", ""), form.get("redirect_uri", "")
                    )
                case "refresh_token":
                    tokens = self.tokens.refresh(form.get("refresh_token", ""))
                case _:
                    return _failed(503, "Invalid Params: grant_type")
        except GrantRefusedError as refused:
            return _failed(503, f"Invalid Params: invalid {refused}")
        return _ok(_token_body(tokens, self.tokens.access_s))

    def _nonce(self, form: Form) -> Json:
        is_late = abs(int(form.get("timestamp", 0)) - self.now()) > CLOCK_TOLERANCE_S
        if is_late or not self._is_signed(form, "action", "client_id", "timestamp"):
            return _failed(342, "The signature (using Oauth) is invalid")
        nonce = secrets.token_hex(12)
        self._nonces.add(nonce)
        return _ok({"nonce": nonce})

    def _revoke(self, form: Form) -> Json:
        known = form.get("nonce") in self._nonces
        if not known or not self._is_signed(form, "action", "client_id", "nonce"):
            return _failed(342, "The signature (using Oauth) is invalid")
        self._nonces.discard(form["nonce"])
        self.tokens.revoke(form.get("userid", ""))
        return _ok({})

    def _is_signed(self, form: Form, *names: str) -> bool:
        message = ",".join(form.get(name, "") for name in names)
        expected = hmac.new(self.client_secret.encode(), message.encode(), hashlib.sha256)
        return hmac.compare_digest(expected.hexdigest(), form.get("signature", ""))

    def _data(self, path: str, form: Form, bearer: str | None) -> Json:
        opened = self.tokens.user_of(bearer or "")
        if opened is None:
            return _failed(401, "XRequestID: 1 invalid_token: The access token is invalid")
        user_id, scopes = opened
        if _SCOPES.get(path) not in scopes:
            return _failed(214, "User is not authorized")
        account = self.accounts[user_id]
        if (path, form.get("action")) == ("/measure", "getmeas"):
            return self._measures(account, form)
        found = _ROWS.get((path, form.get("action", "")))
        if found is None:
            return _failed(2554, "Action does not exist")
        member, rows = found
        return self._paged(member, rows(account), form)

    def _measures(self, account: Account, form: Form) -> Json:
        since = int(form.get("lastupdate", 0))
        begin, end = int(form.get("startdate", 0)), int(form.get("enddate", 2**40))
        wanted = [
            group
            for group in account.groups
            if group["modified"] >= since and begin <= group["date"] <= end
        ]
        answer = self._paged("measuregrps", wanted, form)
        if answer["status"] == 0:
            answer["body"] |= {"updatetime": int(self.now()), "timezone": account.zone}
        return answer

    def _paged(self, member: str, rows: list[Json], form: Form) -> Json:
        try:
            offset = int(form.get("offset", 0))
        except ValueError:
            return _failed(503, "Invalid Params: offset")
        end = offset + self.page_size
        more = end < len(rows)
        return _ok({member: rows[offset:end], "more": int(more), "offset": end if more else 0})


def _token_body(tokens: Tokens, access_s: int) -> Json:
    number = int(tokens.user_id) if tokens.user_id.isdecimal() else tokens.user_id
    return {
        "userid": number,
        "access_token": tokens.access,
        "refresh_token": tokens.refresh,
        "scope": ",".join(tokens.scopes),
        "expires_in": access_s,
        "token_type": "Bearer",
    }


def _ok(body: Json) -> Json:
    return {"status": 0, "body": body}


def _failed(status: int, error: str) -> Json:
    return {"status": status, "body": {}, "error": error}
