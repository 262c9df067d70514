"""Codes of everything that is sent. A new quantity is one row of QUANTITY_CODES.

Source: FHIR R5 vital-signs profiles; ISO/IEEE 11073-10101 by the HL7 Personal Health Device guide.
"""

from dataclasses import dataclass

from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.domain.reading import Source
from ohx_desktop.fhir.encoding import Json

LOINC = "http://loinc.org"
MDC = "urn:iso:std:iso:11073:10101"
UCUM = "http://unitsofmeasure.org"
UUID_SYSTEM = "urn:ietf:rfc:3986"
PROFILE_BASE = "http://hl7.org/fhir/StructureDefinition/"
DEVICE_STATUS = "http://terminology.hl7.org/CodeSystem/ASN1ToHL7"
READING_SOURCE = "https://ohx.example.org/fhir/CodeSystem/reading-source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Quantities that belong into one Observation as components.

    `required` kinds appear in every panel, with a dataAbsentReason where they were not measured.
    `specialization` is what makes a device one that measures this panel.
    """

    loinc: tuple[str, str]
    mdc: tuple[str, str]
    text: str
    profile: str
    required: tuple[QuantityKind, ...]
    specialization: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityCode:
    """How one kind of quantity is coded: as a component of `panel`, or alone with `profile`."""

    loinc: tuple[str, str]
    mdc: tuple[str, str]
    text: str
    unit: str
    panel: Panel | None = None
    profile: str | None = None


BLOOD_PRESSURE = Panel(
    loinc=("85354-9", "Blood pressure panel with all children optional"),
    mdc=("150020", "MDC_PRESS_BLD_NONINV"),
    text="Blood pressure",
    profile="bp",
    required=(QuantityKind.SYSTOLIC_BLOOD_PRESSURE, QuantityKind.DIASTOLIC_BLOOD_PRESSURE),
    specialization=("528391", "MDC_DEV_SPEC_PROFILE_BP"),
)

# The order of the rows is the order of components and Observations.
QUANTITY_CODES: dict[QuantityKind, QuantityCode] = {
    QuantityKind.SYSTOLIC_BLOOD_PRESSURE: QuantityCode(
        loinc=("8480-6", "Systolic blood pressure"),
        mdc=("150021", "MDC_PRESS_BLD_NONINV_SYS"),
        text="Systolic blood pressure",
        unit="mmHg",
        panel=BLOOD_PRESSURE,
    ),
    QuantityKind.DIASTOLIC_BLOOD_PRESSURE: QuantityCode(
        loinc=("8462-4", "Diastolic blood pressure"),
        mdc=("150022", "MDC_PRESS_BLD_NONINV_DIA"),
        text="Diastolic blood pressure",
        unit="mmHg",
        panel=BLOOD_PRESSURE,
    ),
    QuantityKind.MEAN_ARTERIAL_PRESSURE: QuantityCode(
        loinc=("8478-0", "Mean blood pressure"),
        mdc=("150023", "MDC_PRESS_BLD_NONINV_MEAN"),
        text="Mean blood pressure",
        unit="mmHg",
        panel=BLOOD_PRESSURE,
    ),
    QuantityKind.PULSE_RATE: QuantityCode(
        loinc=("8867-4", "Heart rate"),
        mdc=("149546", "MDC_PULS_RATE_NON_INV"),
        text="Pulse rate",
        unit="beats/minute",
        profile="heartrate",
    ),
}

SOURCE_CODES: dict[Source, str] = {
    Source.BLUETOOTH: "ble",
    Source.WITHINGS: "withings",
    Source.FITBIT: "fitbit",
    Source.GOOGLE_HEALTH: "google-health",
    Source.MANUAL: "manual",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagCode:
    """A flag in words for `note`, and where there is one, its status bit and the bit's value."""

    words: str
    bit: tuple[str, str] | None = None
    value: bool = True


_CUFF_TOO_LOOSE = ("8410608.1", "cuff-too-loose")

# A bit is sent as false only where the device vouches for it, which none but the cuff fit does.
# Out of range has one bit for above and one for below; the flag does not tell which, so: words.
FLAG_CODES: dict[Flag, FlagCode] = {
    Flag.BODY_MOVEMENT: FlagCode(
        words="The monitor reported body movement during this measurement.",
        bit=("8410608.0", "body-movement"),
    ),
    Flag.CUFF_TOO_LOOSE: FlagCode(
        words="The monitor reported that the cuff was too loose.", bit=_CUFF_TOO_LOOSE
    ),
    Flag.CUFF_FIT_OK: FlagCode(
        words="The monitor reported that the cuff fitted.", bit=_CUFF_TOO_LOOSE, value=False
    ),
    Flag.IRREGULAR_PULSE: FlagCode(
        words="The monitor reported an irregular pulse during this measurement.",
        bit=("8410608.2", "irregular-pulse"),
    ),
    Flag.IMPROPER_POSITION: FlagCode(
        words="The monitor reported an improper position during this measurement.",
        bit=("8410608.5", "improper-body-position"),
    ),
    Flag.PULSE_OUT_OF_RANGE: FlagCode(
        words="The monitor reported a pulse rate outside of its measuring range."
    ),
    Flag.MEASUREMENT_AVERAGED: FlagCode(words="The values are the mean of several measurements."),
    Flag.AMBIGUOUS_PERSON: FlagCode(
        words="The source could not tell which of its users was measured."
    ),
    Flag.MANUAL_ENTRY: FlagCode(words="The values were entered by hand."),
    Flag.USER_CONFIRMED: FlagCode(words="The user of the device confirmed the measurement."),
    Flag.IMPLAUSIBLE: FlagCode(words="The values are unusual and were confirmed as they are."),
}


def coding(system: str, code: str, display: str | None = None) -> Json:
    """Return a Coding."""
    return {"system": system, "code": code} | ({"display": display} if display else {})


def concept(*codings: Json, text: str | None = None) -> Json:
    """Return a CodeableConcept."""
    return {"coding": list(codings)} | ({"text": text} if text else {})


def loinc_and_mdc(row: Panel | QuantityCode, *, text: str | None = None) -> Json:
    """Return the code of a panel or quantity: LOINC for every reader, MDC as the guide demands."""
    return concept(coding(LOINC, *row.loinc), coding(MDC, *row.mdc), text=text)
