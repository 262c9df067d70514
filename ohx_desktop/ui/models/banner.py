"""The patient banner: enough to recognise the person, always in the same order and form.

Source: NHS Common User Interface, patient banner: family name in capitals, month in letters.
"""

from dataclasses import dataclass
from datetime import date

from ohx_desktop.domain.patient import Patient
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.when import age_text, date_text

# First strong isolate and its end: a name keeps its own direction, whatever stands beside it.
_ISOLATE, _END = "\u2068", "\u2069"
_GROUP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BannerView:
    """The fields of the banner. `spoken` says all of them in one sentence."""

    name: str
    born: str
    gender: str
    identifier_label: str
    identifier: str
    deceased: bool
    spoken: str


def banner_of(patient: Patient, today: date) -> BannerView:
    """Return the banner of a patient on a day."""
    name = name_text(patient)
    born = _born(patient, today)
    gender = texts.GENDERS.get(patient.gender or "unknown", texts.NOT_KNOWN)
    label, number = _identifier(patient)
    facts = [name, f"{texts.BORN} {born}", gender, f"{label} {number}"]
    if patient.deceased:
        facts.append(texts.DECEASED)
    return BannerView(
        name=name,
        born=born,
        gender=gender,
        identifier_label=label,
        identifier=number,
        deceased=patient.deceased,
        spoken=", ".join(facts),
    )


def name_text(patient: Patient) -> str:
    """Return "SMITH, Jane (Ms)", in one isolated run."""
    # The capital of ß is ẞ; Python's upper() would write SS, which is another name.
    family = patient.family.replace("ß", "ẞ").upper()
    name = f"{family}, {patient.given}" if patient.given else family
    prefix = f" ({patient.prefix})" if patient.prefix else ""
    return f"{_ISOLATE}{name}{prefix}{_END}"


def grouped(identifier: str) -> str:
    """Return digits in groups of three (the last has two to four); anything else unchanged."""
    if not (identifier.isascii() and identifier.isdigit()) or len(identifier) <= _GROUP + 1:
        return identifier
    groups = [identifier[i : i + _GROUP] for i in range(0, len(identifier), _GROUP)]
    if len(groups[-1]) == 1:
        groups[-2:] = ["".join(groups[-2:])]
    # No-break spaces: a number is never wrapped.
    return "\u00a0".join(groups)


def _born(patient: Patient, today: date) -> str:
    if patient.birth_date is None:
        return texts.NOT_KNOWN
    born = date_text(patient.birth_date)
    # The age of a dead person would be wrong with every day.
    return born if patient.deceased else f"{born} ({age_text(patient.birth_date, today)})"


def _identifier(patient: Patient) -> tuple[str, str]:
    if patient.identifier is None:
        return texts.IDENTIFIER, texts.NOT_KNOWN
    return patient.identifier.label or texts.IDENTIFIER, grouped(patient.identifier.value)
