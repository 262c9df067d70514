"""Observations of a reading: one for each panel, one for each quantity that stands alone.

Source: FHIR R5 vital-signs profiles; status bits and categories by the HL7
Personal Health Device guide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ohx_desktop.domain.quantity import Quantity
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping.circumstances import (
    cuff_size_component,
    effective,
    entry_sentences,
    flag_sentences,
    noted_elements,
    original_sentences,
    position_extension,
    status_components,
)
from ohx_desktop.fhir.mapping.codes import (
    CATEGORY,
    PROFILE_BASE,
    READING_SOURCE,
    SOURCE_CODES,
    UCUM,
    coding,
    concept,
)
from ohx_desktop.fhir.mapping.identity import observation_identifier, placeholder
from ohx_desktop.fhir.mapping.quantity_codes import (
    QUANTITY_CODES,
    UNIT_NAMES,
    Panel,
    QuantityCode,
)
from ohx_desktop.fhir.mapping.rules import ElementRules, MappingRules
from ohx_desktop.review.submission import Submission

_PHD_CATEGORY = "http://hl7.org/fhir/uv/phd/CodeSystem/PhdObservationCategories"
_ABSENT_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
GATEWAY_EXTENSION = PROFILE_BASE + "observation-gatewayDevice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """References to who measured and who passed on; `measuring` is None for a manual entry."""

    measuring: Json | None
    gateway: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What becomes one Observation: a panel, or a quantity that stands alone."""

    reading: Reading
    row: Panel | QuantityCode
    quantities: list[Quantity]
    is_main: bool
    identifier: Json


def observations(
    submission: Submission, reading: Reading, devices: Devices, rules: MappingRules
) -> list[Json]:
    """Return the Observations of the submitted reading, or of a member of it; the main one first.

    Those of a mean are derived from those of its members that are of the same kind.
    """
    sources = submission.members if reading is submission.reading else ()
    derived_from = _by_key(submission.patient, sources, rules)
    return [
        _observation(submission, devices, part, derived_from.get(part.row.key, []), rules)
        for part in _parts(submission.patient, reading, rules)
    ]


def _parts(patient: str, reading: Reading, rules: MappingRules) -> list[_Part]:
    return [
        _Part(
            reading=reading,
            row=row,
            quantities=quantities,
            is_main=position == 0,
            identifier=observation_identifier(reading.id, patient, row.key),
        )
        for position, (row, quantities) in enumerate(_grouped(rules.sent(reading.quantities)))
    ]


def _by_key(
    patient: str, readings: Sequence[Reading], rules: MappingRules
) -> Mapping[str, list[Json]]:
    references: dict[str, list[Json]] = {}
    for part in (part for reading in readings for part in _parts(patient, reading, rules)):
        reference = {"reference": placeholder(part.identifier)}
        references.setdefault(part.row.key, []).append(reference)
    return references


def _grouped(
    quantities: Sequence[Quantity],
) -> list[tuple[Panel | QuantityCode, list[Quantity]]]:
    """Sort quantities by the rows of the code table, those of one panel together."""
    groups: dict[str, tuple[Panel | QuantityCode, list[Quantity]]] = {}
    order = list(QUANTITY_CODES)
    for quantity in sorted(quantities, key=lambda quantity: order.index(quantity.kind)):
        code = QUANTITY_CODES[quantity.kind]
        row = code.panel or code
        groups.setdefault(row.key, (row, []))[1].append(quantity)
    return list(groups.values())


def _observation(
    submission: Submission,
    devices: Devices,
    part: _Part,
    derived_from: list[Json],
    rules: MappingRules,
) -> Json:
    reading, row, quantities = part.reading, part.row, part.quantities
    noted = submission.circumstances
    is_panel = isinstance(row, Panel)
    own = rules.blood_pressure if is_panel else rules.of(quantities[0].kind)
    gateway = {"url": GATEWAY_EXTENSION, "valueReference": devices.gateway}
    resource: Json = {
        "resourceType": "Observation",
        "meta": _meta(row, own, reading.source, rules.tags),
        "extension": [gateway, *position_extension(noted)],
        "identifier": [part.identifier],
        **({"basedOn": [{"reference": submission.based_on}]} if submission.based_on else {}),
        "status": "final",
        "category": _categories(row, own, reading.source),
        "code": concept(*own.coded(_codings(row, quantities, reading)), text=own.text or row.text),
        "subject": {"reference": submission.patient},
    }
    if submission.encounter:
        resource["encounter"] = {"reference": submission.encounter}
    resource |= effective(reading)
    if submission.performer:
        resource["performer"] = [{"reference": submission.performer}]
    if not is_panel:
        resource["valueQuantity"] = _value(quantities[0])
    sentences = [
        *(flag_sentences(reading) if part.is_main else []),
        *entry_sentences(reading),
        *original_sentences(quantities),
    ]
    if sentences:
        resource["note"] = [{"text": " ".join(sentences)}]
    if is_panel:
        resource |= noted_elements(noted)
    if devices.measuring:
        resource["device"] = devices.measuring
    if derived_from:
        resource["derivedFrom"] = derived_from
    if isinstance(row, Panel):
        resource["component"] = [
            *_components(row, quantities, rules),
            *cuff_size_component(noted),
            *status_components(reading),
        ]
    return resource


def _meta(
    row: Panel | QuantityCode, own: ElementRules, source: Source, tags: Sequence[Json]
) -> Json:
    profiles = own.profiles
    if profiles is None:
        profiles = (PROFILE_BASE + row.profile,) if row.profile else ()
    claimed = {"profile": list(profiles)} if profiles else {}
    return {**claimed, "tag": [coding(READING_SOURCE, SOURCE_CODES[source]), *tags]}


def _codings(
    row: Panel | QuantityCode, quantities: Sequence[Quantity], reading: Reading
) -> list[Json]:
    if isinstance(row, Panel):
        return row.codings()
    return row.codings(quantities[0].unit, {quantity.kind for quantity in reading.quantities})


def _categories(row: Panel | QuantityCode, own: ElementRules, source: Source) -> list[Json]:
    built_in = (coding(CATEGORY, *row.category),)
    categories = [concept(each) for each in own.categories or built_in]
    if source is not Source.MANUAL:
        categories.append(concept(coding(_PHD_CATEGORY, "phd")))
    return categories


def _components(panel: Panel, quantities: list[Quantity], rules: MappingRules) -> list[Json]:
    measured = {quantity.kind: quantity for quantity in quantities}
    members = [kind for kind, row in QUANTITY_CODES.items() if row.panel is panel]
    return [
        {
            "code": concept(
                *rules.of(kind).coded(QUANTITY_CODES[kind].codings()), text=rules.of(kind).text
            ),
            **_value_or_reason(measured.get(kind)),
        }
        for kind in members
        if kind in measured or kind in panel.required
    ]


def _value_or_reason(quantity: Quantity | None) -> Json:
    if quantity is None:
        return {"dataAbsentReason": concept(coding(_ABSENT_REASON, "unknown", "Unknown"))}
    return {"valueQuantity": _value(quantity)}


def _value(quantity: Quantity) -> Json:
    special = QUANTITY_CODES[quantity.kind].ucum
    code, name = special or (quantity.unit.value, UNIT_NAMES[quantity.unit])
    return {
        # Without an exponent, as readers expect it: 120 and not 1.2E+2.
        "value": Decimal(f"{quantity.value:f}"),
        "unit": name,
        "system": UCUM,
        "code": code,
    }
