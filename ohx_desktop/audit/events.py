"""The events that are audited, as one table: name, and how FHIR AuditEvent says it.

Source: DICOM PS3.15 A.5.3 (audit messages) with the codes of PS3.16 CID 400 and 401; ISO 21089
record lifecycle events. Both are the sets that FHIR R5 AuditEvent names for category and code.
"""

from enum import StrEnum
from typing import NamedTuple

DCM = "http://dicom.nema.org/resources/ontology/DCM"
LIFECYCLE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"


class Event(StrEnum):
    """What happened. The names are kept in the chain: never change one, add another."""

    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    PATIENT_IDENTIFIED = "patient-identified"
    READING_VIEWED = "reading-viewed"
    CONFIRMED = "confirmed"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    VERIFIED = "verified"
    NEEDS_ATTENTION = "needs-attention"
    RETRIED = "retried"
    DISCARDED = "discarded"
    TRAY_DISCARDED = "tray-discarded"
    ERASED = "erased"
    RETRACTION_ORDERED = "retraction-ordered"
    RECEIPTS_PRUNED = "receipts-pruned"
    RECONCILED = "reconciled"
    SETTINGS_IMPORTED = "settings-imported"
    MAPPING_IMPORTED = "mapping-imported"
    DEVICE_ENROLLED = "device-enrolled"
    DEVICE_UNENROLLED = "device-unenrolled"
    STAFF_ADDED = "staff-added"
    STAFF_REMOVED = "staff-removed"
    STAFF_PIN_SET = "staff-pin-set"
    SECRET_SET = "secret-set"  # noqa: S105 - the name of an event
    SECRET_DELETED = "secret-deleted"  # noqa: S105 - the name of an event
    QUEUE_SALVAGED = "queue-salvaged"
    LINK_ADDED = "link-added"
    LINK_RENEWED = "link-renewed"
    LINK_ENDED = "link-ended"
    LINK_PAUSED = "link-paused"
    LINK_RESUMED = "link-resumed"
    NOTE_LOST = "note-lost"
    AUDIT_VERIFIED = "audit-verified"
    AUDIT_EXPORTED = "audit-exported"
    AUDIT_ARCHIVED = "audit-archived"


class Outcome(StrEnum):
    """Whether it was done."""

    SUCCESS = "success"
    FAILURE = "failure"


class Action(StrEnum):
    """FHIR audit-event-action."""

    CREATE = "C"
    READ = "R"
    UPDATE = "U"
    DELETE = "D"
    EXECUTE = "E"


class Agent(StrEnum):
    """Whose doing an event is where nobody is named."""

    PERSON = "person"
    PROGRAM = "program"


class Code(NamedTuple):
    """A code of a published system."""

    system: str
    code: str
    display: str


class Kind(NamedTuple):
    """How AuditEvent says an event (`category`, `code`, `action`), and whose doing it is."""

    category: Code
    code: Code
    action: Action
    agent: Agent = Agent.PERSON


def _lifecycle(code: str, name: str) -> Code:
    return Code(LIFECYCLE, code, f"{name} Record Lifecycle Event")


_AUTHENTICATION = Code(DCM, "110114", "User Authentication")
_PATIENT = Code(DCM, "110110", "Patient Record")
_PROCEDURE = Code(DCM, "110111", "Procedure Record")
_EXPORT = Code(DCM, "110106", "Export")
_ALERT = Code(DCM, "110113", "Security Alert")
_AUDIT_LOG = Code(DCM, "110101", "Audit Log Used")

_LOGIN = Code(DCM, "110122", "Login")
_LOGOUT = Code(DCM, "110123", "Logout")
_SECURITY = Code(DCM, "110129", "Security Configuration")
_HARDWARE = Code(DCM, "110130", "Hardware Configuration")
_SOFTWARE = Code(DCM, "110131", "Software Configuration")
_USER = Code(DCM, "110137", "User Security Attributes Changed")
_VERIFY = _lifecycle("verify", "Verify")
_DESTROY = _lifecycle("destroy", "Destroy/Delete")
_TRANSMIT = _lifecycle("transmit", "Transmit")

KINDS: dict[Event, Kind] = {
    Event.SIGNED_IN: Kind(_AUTHENTICATION, _LOGIN, Action.EXECUTE),
    Event.SIGN_IN_FAILED: Kind(_AUTHENTICATION, _LOGIN, Action.EXECUTE),
    Event.SIGNED_OUT: Kind(_AUTHENTICATION, _LOGOUT, Action.EXECUTE),
    Event.PATIENT_IDENTIFIED: Kind(_PATIENT, _lifecycle("access", "Access/View"), Action.READ),
    Event.READING_VIEWED: Kind(_PROCEDURE, _lifecycle("access", "Access/View"), Action.READ),
    Event.CONFIRMED: Kind(_PROCEDURE, _lifecycle("attest", "Attest"), Action.CREATE),
    Event.SENT: Kind(_EXPORT, _TRANSMIT, Action.EXECUTE, Agent.PROGRAM),
    Event.ACKNOWLEDGED: Kind(_EXPORT, _TRANSMIT, Action.CREATE, Agent.PROGRAM),
    Event.VERIFIED: Kind(_PROCEDURE, _VERIFY, Action.READ, Agent.PROGRAM),
    Event.NEEDS_ATTENTION: Kind(_EXPORT, _TRANSMIT, Action.EXECUTE, Agent.PROGRAM),
    Event.RETRIED: Kind(_PROCEDURE, _lifecycle("reactivate", "Re-activate"), Action.EXECUTE),
    Event.DISCARDED: Kind(_PROCEDURE, _DESTROY, Action.DELETE),
    Event.TRAY_DISCARDED: Kind(_PROCEDURE, _DESTROY, Action.DELETE),
    Event.ERASED: Kind(_PROCEDURE, _DESTROY, Action.DELETE, Agent.PROGRAM),
    Event.RECEIPTS_PRUNED: Kind(_PROCEDURE, _DESTROY, Action.DELETE, Agent.PROGRAM),
    Event.RECONCILED: Kind(_PROCEDURE, _VERIFY, Action.READ, Agent.PROGRAM),
    Event.RETRACTION_ORDERED: Kind(_PROCEDURE, _lifecycle("deprecate", "Deprecate"), Action.UPDATE),
    Event.SETTINGS_IMPORTED: Kind(_ALERT, _SOFTWARE, Action.UPDATE),
    Event.MAPPING_IMPORTED: Kind(_ALERT, _SOFTWARE, Action.UPDATE),
    Event.DEVICE_ENROLLED: Kind(_ALERT, _HARDWARE, Action.CREATE),
    Event.DEVICE_UNENROLLED: Kind(_ALERT, _HARDWARE, Action.DELETE),
    Event.STAFF_ADDED: Kind(_ALERT, _USER, Action.CREATE),
    Event.STAFF_REMOVED: Kind(_ALERT, _USER, Action.DELETE),
    Event.STAFF_PIN_SET: Kind(_ALERT, _USER, Action.UPDATE),
    Event.SECRET_SET: Kind(_ALERT, _SECURITY, Action.UPDATE),
    Event.SECRET_DELETED: Kind(_ALERT, _SECURITY, Action.DELETE),
    Event.QUEUE_SALVAGED: Kind(_PROCEDURE, _lifecycle("restore", "Restore"), Action.UPDATE),
    Event.LINK_ADDED: Kind(_PATIENT, _lifecycle("link", "Link"), Action.CREATE),
    Event.LINK_RENEWED: Kind(_PATIENT, _lifecycle("link", "Link"), Action.UPDATE),
    Event.LINK_ENDED: Kind(_PATIENT, _lifecycle("unlink", "Unlink"), Action.DELETE),
    Event.LINK_PAUSED: Kind(_PATIENT, _lifecycle("deprecate", "Deprecate"), Action.UPDATE),
    Event.LINK_RESUMED: Kind(_PATIENT, _lifecycle("reactivate", "Re-activate"), Action.UPDATE),
    Event.NOTE_LOST: Kind(_AUDIT_LOG, _DESTROY, Action.EXECUTE, Agent.PROGRAM),
    Event.AUDIT_VERIFIED: Kind(_AUDIT_LOG, _VERIFY, Action.READ),
    Event.AUDIT_EXPORTED: Kind(_AUDIT_LOG, _lifecycle("extract", "Extract"), Action.READ),
    Event.AUDIT_ARCHIVED: Kind(_AUDIT_LOG, _lifecycle("archive", "Archive"), Action.DELETE),
}
