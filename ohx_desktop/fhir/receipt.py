"""Whether the EHR still holds what a receipt stands for.

A receipt has no values and no patient, so values cannot be compared any more: that was done right
after sending. What can be told is that the Observation is there, still final, and carries the name
that only this reading for this very patient gives.
"""

from enum import StrEnum
from uuid import UUID

from ohx_desktop.fhir.encoding import Json, objects_in
from ohx_desktop.fhir.mapping.codes import UUID_SYSTEM
from ohx_desktop.fhir.mapping.identity import observation_identifier
from ohx_desktop.fhir.mapping.quantity_codes import OBSERVATION_KEYS
from ohx_desktop.fhir.normal_form import subject_of


class ReceiptCheck(StrEnum):
    """What became of an acknowledged reading in the EHR."""

    PRESENT = "present"
    CHANGED = "changed"
    """There, but no longer final, or under another patient or name."""
    MISSING = "missing"
    NOT_TOLD = "not-told"
    """The EHR never told where it stored the reading."""


def check_receipt(reading_id: UUID, stored: Json | None) -> ReceiptCheck:
    """Return what the Observation now stored says of a reading; None is one that is gone."""
    if stored is None:
        return ReceiptCheck.MISSING
    is_whole = stored.get("status") == "final" and _names(reading_id, stored) & _held(stored)
    return ReceiptCheck.PRESENT if is_whole else ReceiptCheck.CHANGED


def _names(reading_id: UUID, stored: Json) -> set[object]:
    """Return the names that Observations of this reading have, for the patient stored."""
    patient = str(subject_of(stored))
    return {observation_identifier(reading_id, patient, key)["value"] for key in OBSERVATION_KEYS}


def _held(stored: Json) -> set[object]:
    identifiers = objects_in(stored.get("identifier"))
    return {each.get("value") for each in identifiers if each.get("system") == UUID_SYSTEM}
