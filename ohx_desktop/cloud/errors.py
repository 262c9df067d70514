"""What a cloud service's refusal means: for staff, for IT, and for the link it came over.

    CloudError
    ├─ AuthExpired, NeedsConsent, ScopeMissing, AccountNotLinked, ProviderGone, AdminSetup
    ├─ RateLimited, DuplicateRequest, CloudTransient, Malformed
    └─ InvalidRequest, ClockWrong

Nothing of an answer's own words gets into a text, because they may quote a person; its number, or a
reason in capitals, may.

Source: Withings API, response status; Google API, error model; RFC 6749 section 5.2.
"""

import re

from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.domain.errors import ExitCode, RemoteError

_REASON = re.compile(r"[A-Za-z0-9_]{1,64}")


def reason_of(told: object) -> str | None:
    """Return what a service calls its reason, if it is a plain word or number."""
    text = str(told) if isinstance(told, str | int) and not isinstance(told, bool) else ""
    return text if _REASON.fullmatch(text) else None


class CloudError(RemoteError):
    """A cloud service did not give what was asked.

    `what` is a sentence for staff, `code` names the error for IT and `vendor_reason` is the
    service's own number or word for it. `link_state` is what follows for the link, None where
    nothing does. `retry_after_s` is how long to ask for nothing.
    """

    code = "cloud"
    link_state: LinkState | None = None
    sentence = "{service} did not do what was asked"
    meaning = "nothing was lost: the readings stay at the service"

    def __init__(
        self,
        service: str,
        *,
        status: int | None = None,
        vendor_reason: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(self.sentence.format(service=service), status=status)
        self.service = service
        self.vendor_reason = vendor_reason
        self.retry_after_s = retry_after_s


class AuthExpired(CloudError):  # noqa: N818 - reads as what happened, as all below
    """The access token is not accepted any more: a new one helps, once."""

    code = "cloud-auth-expired"
    exit_code = ExitCode.UNREACHABLE
    sentence = "{service} wants a new sign-in of this program"
    hint = "nothing to do; it is renewed by itself"


class NeedsConsent(CloudError):  # noqa: N818
    """The consent has ended or was taken back."""

    code = "cloud-needs-consent"
    link_state = LinkState.NEEDS_CONSENT
    sentence = "{service} no longer lets this clinic read the patient's account"
    hint = "ask the patient to connect the account again"


class ScopeMissing(CloudError):  # noqa: N818
    """The patient did not tick this kind of data; other kinds go on."""

    code = "cloud-scope-missing"
    link_state = LinkState.SCOPE_MISSING
    sentence = "the patient did not allow {service} to share this kind of reading"
    hint = "connect the account again and leave all boxes ticked, or go on without it"


class AccountNotLinked(CloudError):  # noqa: N818
    """The account exists, but it is not one of this service."""

    code = "cloud-account-not-linked"
    link_state = LinkState.NEEDS_CONSENT
    sentence = "the account that was used has no {service}"
    hint = "connect again with the account that the patient's device uses"


class ProviderGone(CloudError):  # noqa: N818
    """The service was shut down for good."""

    code = "cloud-provider-gone"
    link_state = LinkState.PROVIDER_GONE
    sentence = "{service} has been shut down by its provider"
    meaning = "no new readings come over this link; what was sent stays in the EHR"
    hint = "connect the patient's account again through the service that replaces it"


class AdminSetup(CloudError):  # noqa: N818
    """The clinic's registration with the service is wrong; every patient meets the same."""

    code = "cloud-admin-setup"
    exit_code = ExitCode.CONFIGURATION
    link_state = LinkState.PAUSED
    sentence = "{service} does not accept the registration of this clinic"
    hint = "an administrator must check client id, secret, address and project of the service"


class RateLimited(CloudError):  # noqa: N818
    """Too many requests: nobody may ask for a while."""

    code = "cloud-rate-limited"
    exit_code = ExitCode.UNREACHABLE
    link_state = LinkState.PAUSED
    sentence = "{service} was asked too often and wants a pause"
    hint = "nothing to do; it goes on by itself"


class DuplicateRequest(CloudError):  # noqa: N818
    """The same request came twice within seconds; the first one may have succeeded."""

    code = "cloud-duplicate-request"
    exit_code = ExitCode.UNREACHABLE
    sentence = "{service} was asked the same thing twice within seconds"
    hint = "nothing to do; it goes on by itself"


class InvalidRequest(CloudError):  # noqa: N818
    """The service does not understand us: a defect of this program."""

    code = "cloud-invalid-request"
    sentence = "{service} did not understand this program"
    hint = "report it to support; trying again does not help"


class ClockWrong(CloudError):  # noqa: N818
    """This computer's clock and the service's differ by hours: what was asked for was wrong."""

    code = "cloud-clock"
    exit_code = ExitCode.CONFIGURATION
    sentence = "this computer and {service} do not agree on date and time"
    hint = "set date and time of this computer; nothing else has to be done"


class CloudTransient(CloudError):  # noqa: N818
    """Not reachable or not able now."""

    code = "cloud-unavailable"
    exit_code = ExitCode.UNREACHABLE
    sentence = "{service} cannot answer now"
    hint = "nothing to do; check the network if it lasts"


class Malformed(CloudError):  # noqa: N818
    """What came is not an answer of this service."""

    code = "cloud-malformed"
    exit_code = ExitCode.UNREACHABLE
    sentence = "something answered in place of {service}, but not as it should"
    hint = "check the network: a sign-in page or a proxy may stand in between"
