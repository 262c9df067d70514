"""Why a secure connection was refused, by us or by the other side, and what to do about it.

Source: OpenSSL verify codes (X509_V_ERR_*); RFC 8446 section 6.2, error alerts.
"""

import ssl

_NOT_YET_VALID = 9
_EXPIRED = 10
_OTHER_NAME = frozenset({62, 64})

# Alerts of a server about the certificate that we showed, or did not show. OpenSSL names them so.
_WANTS_OURS = frozenset({"TLSV13_ALERT_CERTIFICATE_REQUIRED"})
_REFUSES_OURS = frozenset(
    {
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "TLSV1_ALERT_UNKNOWN_CA",
        "TLSV1_ALERT_ACCESS_DENIED",
    }
)
_OURS_HINT = "an administrator must check this workstation's certificate with that of the server"


def why_refused(error: ssl.SSLError, service: str) -> tuple[str, str]:
    """Return what happened and what to do; `service` names the other side."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_server(error.verify_code, service)
    if error.reason in _WANTS_OURS:
        return f"{service} wants a certificate of this workstation", _OURS_HINT
    if error.reason in _REFUSES_OURS:
        return f"{service} did not accept the certificate of this workstation", _OURS_HINT
    return (
        f"no secure connection to {service}: the TLS version or a certificate was not accepted",
        "an administrator must check the TLS settings of the server, and the address",
    )


def _of_server(code: int, service: str) -> tuple[str, str]:
    if code == _EXPIRED:
        return (
            f"the certificate of {service} has expired",
            "its administrator must renew it; check the clock of this computer as well",
        )
    if code == _NOT_YET_VALID:
        return (
            f"the certificate of {service} is not valid yet",
            "check the clock of this computer",
        )
    if code in _OTHER_NAME:
        return (
            f"the certificate of {service} is for another name",
            "an administrator must check the address in the settings",
        )
    return (
        f"the certificate of {service} comes from an authority that this computer does not trust",
        "an administrator must look who answers there, and only then have this computer trust it",
    )
