"""What a mapping changes of a sample: element by element, and line by line of its JSON. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any, Self

from ohx_desktop.desk.mapping_difference import (
    Change,
    Difference,
    DiffLine,
    Element,
    Part,
    Side,
)
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping import MappingRules, transaction_bundle
from ohx_desktop.fhir.mapping.quantity_codes import QUANTITY_CODES
from ohx_desktop.review.submission import Submission


def difference(submission: Submission, before: MappingRules, after: MappingRules) -> Difference:
    """Return what `after` changes of what is sent under `before`."""
    first, second = _Sent.under(before, submission), _Sent.under(after, submission)
    quantities = submission.reading.quantities
    return Difference(
        changes=tuple(_changes(first, second)),
        quantities_left_out=tuple(q.kind for q in quantities if not after.of(q.kind).send),
        parts_left_out=_parts_left_out(after),
        lines=tuple(_lines(_text(first.observations), _text(second.observations))),
        nothing_sent=second.problem,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """The Observations of a submission under some rules; `problem` is why there are none."""

    observations: tuple[Json, ...]
    panel_kinds: tuple[QuantityKind, ...]
    problem: OhxError | None = None

    @classmethod
    def under(cls, rules: MappingRules, submission: Submission) -> Self:
        measured = {quantity.kind for quantity in submission.reading.quantities}
        in_panel = tuple(
            kind
            for kind, row in QUANTITY_CODES.items()
            if row.panel is not None and kind in measured and rules.of(kind).send
        )
        try:
            bundle = transaction_bundle(submission, rules)
        except OhxError as error:
            return cls(observations=(), panel_kinds=in_panel, problem=error)
        resources = [entry["resource"] for entry in bundle["entry"]]
        found = tuple(each for each in resources if each["resourceType"] == "Observation")
        return cls(observations=found, panel_kinds=in_panel)

    def partner(self, wanted: Json) -> Json | None:
        """Return the same Observation: identifiers never follow the rules."""
        same = (each for each in self.observations if each["identifier"] == wanted["identifier"])
        return next(same, None)

    def components(self, observation: Json) -> dict[QuantityKind, Json]:
        """Return the components of a panel by kind: they stand in the order of the code table."""
        return dict(zip(self.panel_kinds, observation.get("component", []), strict=False))


def _parts_left_out(rules: MappingRules) -> tuple[Part, ...]:
    sent = {Part.DEVICES: rules.send_devices, Part.PROVENANCE: rules.send_provenance}
    return tuple(part for part, is_sent in sent.items() if not is_sent)


# ── in words ─────────────────────────────────────────────────────────────────────────────────


def _changes(before: "_Sent", after: "_Sent") -> Iterator[Change]:
    for new in after.observations:
        old = before.partner(new)
        if old is None:
            continue
        yield from _differing(_name(old), _elements(old), _elements(new))
        was, now = before.components(old), after.components(new)
        for kind in (kind for kind in was if kind in now):
            yield from _differing(_name(was[kind]), _elements(was[kind]), _elements(now[kind]))


def _differing(
    subject: str,
    before: Mapping[Element, tuple[str, ...]],
    after: Mapping[Element, tuple[str, ...]],
) -> Iterator[Change]:
    for element in Element:
        old, new = before[element], after[element]
        if old != new:
            yield Change(subject=subject, element=element, before=old, after=new)


def _elements(part: Json) -> dict[Element, tuple[str, ...]]:
    """Return the elements of an Observation or a component as short texts."""
    code, meta = part.get("code", {}), part.get("meta", {})
    categories = [each for category in part.get("category", []) for each in category["coding"]]
    value = part.get("valueQuantity")
    return {
        Element.CODE: _codings(code.get("coding", [])),
        Element.TEXT: (code["text"],) if "text" in code else (),
        Element.CATEGORY: _codings(categories),
        Element.PROFILE: tuple(meta.get("profile", [])),
        Element.TAG: _codings(meta.get("tag", [])),
        Element.VALUE: (f"{value['value']} {value['unit']}",) if value else (),
    }


def _codings(codings: Sequence[Json]) -> tuple[str, ...]:
    return tuple(f"{each['code']} ({each['system']})" for each in codings)


def _name(part: Json) -> str:
    code = part["code"]
    first = code["coding"][0]
    return str(code.get("text") or first.get("display") or first["code"])


# ── as JSON ──────────────────────────────────────────────────────────────────────────────────


def _text(observations: Sequence[Json]) -> list[str]:
    return [line for each in observations for line in _pretty(each)]


def _pretty(value: Any, ahead: str = "", indent: str = "") -> Iterator[str]:
    """Yield the lines of a JSON value; each digit as it is sent."""
    if not isinstance(value, dict | list) or not value:
        yield f"{indent}{ahead}{_scalar(value)}"
        return
    if isinstance(value, dict):
        opening, closing = "{}"
        members = [(f"{_scalar(name)}: ", member) for name, member in value.items()]
    else:
        opening, closing = "[]"
        members = [("", member) for member in value]
    yield f"{indent}{ahead}{opening}"
    for place, (name, member) in enumerate(members, start=1):
        *most, last = _pretty(member, name, indent + "  ")
        yield from most
        yield last if place == len(members) else f"{last},"
    yield f"{indent}{closing}"


def _scalar(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def _lines(before: Sequence[str], after: Sequence[str]) -> Iterator[DiffLine]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, old, old_end, new, new_end in matcher.get_opcodes():
        if kind == "equal":
            yield from (DiffLine(side=Side.BOTH, text=line) for line in before[old:old_end])
            continue
        yield from (DiffLine(side=Side.BEFORE, text=line) for line in before[old:old_end])
        yield from (DiffLine(side=Side.AFTER, text=line) for line in after[new:new_end])
