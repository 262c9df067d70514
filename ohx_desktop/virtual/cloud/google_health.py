"""The virtual Google: token endpoint and the Health API v4, without any HTTP.

Source: Google Health API v4; Google Identity, OAuth 2.0.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any

from ohx_desktop.virtual.cloud.accounts import Account, Accounts
from ohx_desktop.virtual.cloud.quota import Quota
from ohx_desktop.virtual.cloud.tokens import GrantRefusedError, TokenBook

Json = dict[str, Any]
Answer = tuple[int, Json]

PAGE_SIZE = 1440
PER_MINUTE = 300
CODE_S = 600.0
ACCESS_S = 3599
_PREFIX = "https://www.googleapis.com/auth/googlehealth."
_ACTIVITY_TYPES = frozenset({"steps", "distance", "vo2-max"})
_POINTS = re.compile(r"/users/me/dataTypes/([a-z0-9\-]+)/dataPoints(:dailyRollUp)?")
_SINCE = re.compile(r'([a-z_0-9.]+) >= "([^"]+)"(?: AND .+)?')


class VirtualGoogle:
    """One client (id and secret) at a Google of its own."""

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
        self.refuses_sleep_filters = False
        self.tokens = TokenBook(now=now, rotates=False, code_s=CODE_S, access_s=ACCESS_S)
        self.quota = Quota(now=now, per_minute=PER_MINUTE)
        self.challenges: dict[str, str] = {}

    def token(self, form: Mapping[str, str]) -> Answer:
        """Answer the token endpoint."""
        if (form.get("client_id"), form.get("client_secret")) != (
            self.client_id,
            self.client_secret,
        ):
            return 401, {"error": "invalid_client", "error_description": "Unauthorized"}
        is_first = form.get("grant_type") == "authorization_code"
        try:
            if is_first:
                self._check_challenge(form)
                tokens = self.tokens.exchange(form.get("code", ""), form.get("redirect_uri", ""))
            else:
                tokens = self.tokens.refresh(form.get("refresh_token", ""))
        except GrantRefusedError:
            told = "Token has been expired or revoked."
            return 400, {"error": "invalid_grant", "error_description": told}
        body = {
            "access_token": tokens.access,
            "expires_in": self.tokens.access_s,
            "scope": " ".join(tokens.scopes),
            "token_type": "Bearer",
        }
        return 200, body | ({"refresh_token": tokens.refresh} if is_first else {})

    def revoke(self, token: str) -> Answer:
        """Answer the revocation endpoint."""
        ended = self.tokens.revoke_token(token)
        return (200, {}) if ended else (400, {"error": "invalid_token"})

    def answer(
        self, method: str, path: str, query: Mapping[str, str], bearer: str | None
    ) -> Answer:
        """Answer a call to the API; `path` is below /v4."""
        if self.quota.is_used_up():
            return _error(429, "RESOURCE_EXHAUSTED", "Quota exceeded", "RATE_LIMIT_EXCEEDED")
        opened = self.tokens.user_of(bearer or "")
        if opened is None:
            return _error(401, "UNAUTHENTICATED", "Request had invalid credentials.")
        user_id, scopes = opened
        account = self.accounts[user_id]
        if not account.has_health:
            told = "The account is not linked to Google Health."
            return _error(400, "FAILED_PRECONDITION", told, "ACCOUNT_NOT_LINKED")
        if f"{_PREFIX}{_scope_of(path)}.readonly" not in scopes and not path.endswith("/identity"):
            told = "Request had insufficient authentication scopes."
            return _error(403, "PERMISSION_DENIED", told, "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
        return self._data(method, path, query, account)

    def _data(self, method: str, path: str, query: Mapping[str, str], account: Account) -> Answer:
        points = _POINTS.fullmatch(path)
        if method == "POST" and points and points[2]:
            return 200, {"rollupDataPoints": [_day(*row) for row in account.steps.items()]}
        if method == "GET" and points and not points[2]:
            return self._points(points[1], query, account)
        name = f"users/{account.user_id}"
        match path:
            case "/users/me/identity":
                told: Json = {"name": f"{name}/identity", "healthUserId": account.user_id}
            case "/users/me/settings":
                told = {"name": f"{name}/settings", "timeZone": account.zone}
            case "/users/me/pairedDevices":
                told = {"pairedDevices": account.devices} if account.devices else {}
            case _:
                return 404, {}
        return 200, told

    def _points(self, kind: str, query: Mapping[str, str], account: Account) -> Answer:
        rows = account.points.get(kind, [])
        condition = query.get("filter", "")
        if condition:
            since = _SINCE.fullmatch(condition)
            if since is None or (kind == "sleep" and self.refuses_sleep_filters):
                told = "Invalid data point filter."
                return _error(400, "INVALID_ARGUMENT", told, "INVALID_DATA_POINT_FILTER")
            rows = [row for row in rows if _time_of(row) >= since[2]]
        size = min(int(query.get("pageSize", PAGE_SIZE)), self.page_size)
        begin = int(query.get("pageToken", "p0").removeprefix("p"))
        page: Json = {"dataPoints": rows[begin : begin + size]} if rows else {}
        if begin + size < len(rows):
            page["nextPageToken"] = f"p{begin + size}"
        return 200, page

    def _check_challenge(self, form: Mapping[str, str]) -> None:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if self.challenges.pop(form.get("code", ""), None) != challenge:
            raise GrantRefusedError("code")


def _scope_of(path: str) -> str:
    points = _POINTS.fullmatch(path)
    if points is None:
        return "settings"
    if points[1] == "sleep":
        return "sleep"
    is_activity = points[1] in _ACTIVITY_TYPES
    return "activity_and_fitness" if is_activity else "health_metrics_and_measurements"


def _time_of(point: Json) -> str:
    """Return the time of a point as filters have it; all of one type compare as text."""
    content = next(value for key, value in point.items() if key not in {"name", "dataSource"})
    if "sampleTime" in content:
        return str(content["sampleTime"]["physicalTime"])
    if "interval" in content:
        return str(content["interval"]["endTime"])
    date = content["date"]
    return f"{date['year']:04}-{date['month']:02}-{date['day']:02}"


def _day(day: str, count: int) -> Json:
    year, month, number = (int(part) for part in day.split("-"))
    start = {"date": {"year": year, "month": month, "day": number}, "time": {}}
    # Zero is the default of a number, and so is left out.
    return {"civilStartTime": start, "steps": {"countSum": str(count)} if count else {}}


def _error(code: int, status: str, message: str, reason: str | None = None) -> Answer:
    error: Json = {"code": code, "message": message, "status": status}
    if reason:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": reason, "domain": "googleapis.com"}]
    return code, {"error": error}
