"""Code systems of everything that is sent, and how codes are written.

Source: FHIR R5 vital-signs profiles; ISO/IEEE 11073-10101 by the HL7 Personal Health Device guide.
"""

from ohx_desktop.domain.reading import Source
from ohx_desktop.fhir.encoding import Json

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
MDC = "urn:iso:std:iso:11073:10101"
UCUM = "http://unitsofmeasure.org"
UUID_SYSTEM = "urn:ietf:rfc:3986"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
PROFILE_BASE = "http://hl7.org/fhir/StructureDefinition/"
DEVICE_STATUS = "http://terminology.hl7.org/CodeSystem/ASN1ToHL7"
READING_SOURCE = "https://ohx.example.org/fhir/CodeSystem/reading-source"
OWN_QUANTITIES = "https://ohx.example.org/fhir/CodeSystem/quantity"
"""For what no standard has a code; always with a text beside it."""

SOURCE_CODES: dict[Source, str] = {
    Source.BLUETOOTH: "ble",
    Source.WITHINGS: "withings",
    Source.FITBIT: "fitbit",
    Source.GOOGLE_HEALTH: "google-health",
    Source.MANUAL: "manual",
}


def coding(system: str, code: str, display: str | None = None) -> Json:
    """Return a Coding."""
    return {"system": system, "code": code} | ({"display": display} if display else {})


def concept(*codings: Json, text: str | None = None) -> Json:
    """Return a CodeableConcept of codings, a text, or both."""
    coded = {"coding": list(codings)} if codings else {}
    return coded | ({"text": text} if text else {})
