"""Signatures of the calls that Withings wants signed, such as `revoke`. Pure.

Source: Withings developer guide, sign your requests.
"""

import hashlib
import hmac


def nonce_form(*, client_id: str, secret: str, timestamp_s: int) -> dict[str, str]:
    """Return the form of `getnonce`."""
    signed = {"action": "getnonce", "client_id": client_id, "timestamp": str(timestamp_s)}
    return signed | {"signature": signature(secret, signed)}


def signed_form(
    action: str, *, client_id: str, secret: str, nonce: str, **others: str
) -> dict[str, str]:
    """Return the form of a signed call; only action, client and nonce are signed."""
    signed = {"action": action, "client_id": client_id, "nonce": nonce}
    return signed | others | {"signature": signature(secret, signed)}


def signature(secret: str, signed: dict[str, str]) -> str:
    """Return the signature over the values, ordered by their names, as lower-case hex."""
    message = ",".join(signed[name] for name in sorted(signed))
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
