"""What a reader must know beside the number: when it was measured, and what to doubt.

Everything is said in words as well, because most viewers show notes and few show components they
do not know.
"""

from collections.abc import Iterable
from datetime import datetime

from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import Quantity
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping.codes import (
    DEVICE_STATUS,
    LOINC,
    PROFILE_BASE,
    SNOMED,
    coding,
    concept,
)
from ohx_desktop.fhir.mapping.flag_codes import FLAG_CODES
from ohx_desktop.fhir.mapping.identity import moment
from ohx_desktop.fhir.mapping.quantity_codes import QUANTITY_CODES
from ohx_desktop.review.circumstances import BodyPosition, BodySite, Circumstances

POSITION_EXTENSION = PROFILE_BASE + "observation-bodyPosition"
CUFF_SIZE = "8358-4"

_POSITIONS = {
    BodyPosition.SITTING: ("33586001", "Sitting position"),
    BodyPosition.RECUMBENT: ("102538003", "Recumbent body position"),
    BodyPosition.STANDING: ("10904000", "Orthostatic body position"),
}
_SITES = {
    BodySite.LEFT_UPPER_ARM: ("368208006", "Left upper arm structure"),
    BodySite.RIGHT_UPPER_ARM: ("368209003", "Right upper arm structure"),
    BodySite.LEFT_WRIST: ("5951000", "Structure of left wrist region"),
    BodySite.RIGHT_WRIST: ("9736006", "Structure of right wrist region"),
}


def effective_time(reading: Reading) -> datetime:
    """Return the time of the measurement, or that of reception where nobody knows better."""
    return reading.measured_at or reading.received_at


def effective(reading: Reading) -> Json:
    """Return the time of the measurement, or the period of what counts over one."""
    end = moment(effective_time(reading))
    if reading.period_start is None:
        return {"effectiveDateTime": end}
    return {"effectivePeriod": {"start": moment(reading.period_start), "end": end}}


def position_extension(noted: Circumstances) -> list[Json]:
    """Return the extension that tells the position of the body, where it was noted."""
    if noted.position is None:
        return []
    code = concept(coding(SNOMED, *_POSITIONS[noted.position]))
    return [{"url": POSITION_EXTENSION, "valueCodeableConcept": code}]


def noted_elements(noted: Circumstances) -> Json:
    """Return where and how was measured, as elements of the Observation of a cuff."""
    site, method = noted.site, noted.method
    return {
        **({"bodySite": concept(coding(SNOMED, *_SITES[site]))} if site else {}),
        **({"method": concept(text=method)} if method else {}),
    }


def cuff_size_component(noted: Circumstances) -> list[Json]:
    """Return the size of the cuff as a component, where it was noted."""
    if noted.cuff_size is None:
        return []
    code = concept(coding(LOINC, CUFF_SIZE, "Blood pressure device Cuff size"))
    return [{"code": code, "valueString": noted.cuff_size.value.replace("_", " ")}]


def status_components(reading: Reading) -> list[Json]:
    """Return the device's status bits as components; a bit nobody vouches for is left out."""
    bits: dict[tuple[str, str], bool] = {}
    for flag, row in FLAG_CODES.items():
        if flag in reading.flags and row.bit:
            # Where two flags contradict each other, the warning stands.
            bits[row.bit] = bits.get(row.bit, False) or row.value
    return [
        {"code": concept(coding(DEVICE_STATUS, code, display)), "valueBoolean": value}
        for (code, display), value in sorted(bits.items())
    ]


def flag_sentences(reading: Reading) -> list[str]:
    """Return a sentence for each flag but the hand entry, which every Observation tells."""
    return [
        row.words
        for flag, row in FLAG_CODES.items()
        if flag in reading.flags and flag is not Flag.MANUAL_ENTRY
    ]


def entry_sentences(reading: Reading) -> list[str]:
    """Return what is said of every Observation of a reading: hand entry, and doubts of its time."""
    by_hand = reading.source is Source.MANUAL or Flag.MANUAL_ENTRY in reading.flags
    sentences = [FLAG_CODES[Flag.MANUAL_ENTRY].words] if by_hand else []
    clock = reading.clock
    if reading.measured_at is None or clock.trust is ClockTrust.RECEIVED:
        sentences.append(
            "The time of the measurement is not known; the time given is that of reception."
        )
    elif clock.trust is ClockTrust.UNKNOWN:
        sentences.append("The clock could not be checked; the time given may be wrong.")
    elif clock.trust is ClockTrust.CORRECTED:
        sentences.append(_correction(clock.offset_s, clock.device))
    return sentences


def original_sentences(quantities: Iterable[Quantity]) -> list[str]:
    """Return what the device showed for each quantity that was converted."""
    return [
        f"{QUANTITY_CODES[quantity.kind].text} was measured as "
        f"{quantity.original.value:f} {quantity.original.unit.value}."
        for quantity in quantities
        if quantity.original
    ]


def _correction(offset_s: float | None, shown: datetime | None) -> str:
    wrong = "wrong"
    if offset_s is not None:
        wrong = f"{abs(offset_s):.0f} s {'behind' if offset_s < 0 else 'ahead'}"
    sentence = f"The clock of the device was {wrong}; the time given is corrected."
    if shown is not None:
        sentence += f" The device showed {shown.isoformat(sep=' ', timespec='seconds')}."
    return sentence
