"""What is kept of a reading once its content is erased: enough to compare, nothing to read.

For each Observation its identifier and one keyed digest over all that a clinician reads of it
together: code, patient, time, value, components, status. One digest over all, because one over a
single value could be tried out with the few values there are. Beside it stand short digests of the
codes that were sent: what the EHR adds of its own (other codes, other components) is left out
before comparing. The R4 form of a Bundle gives the same proof as its R5 form, for components in
words, which R4 has in a note, are left out as well.

The key is the salt of the file that keeps the proof, so that it compares with nothing elsewhere.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b

from ohx_desktop.domain.look_up import Found
from ohx_desktop.fhir.encoding import Json, decode, objects_in
from ohx_desktop.fhir.look_up import Held, found_of, live_first, observations_in
from ohx_desktop.fhir.normal_form import (
    Coding,
    Named,
    NormalForm,
    coding_of,
    names_of,
    normal_form,
)

_VERSION = 1
_DIGEST_BYTES = 16
# Enough to tell the few codes of one Observation apart.
_CODE_BYTES = 4
_SENT_STATUS = "final"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the EHR holds of one Observation. `stored` is what was compared, if it is there.

    `confirmed` is that without the codes and components that the EHR has added.
    `is_same_but_for_status`: everything else of it is as it was confirmed.
    """

    name: Named
    found: Found
    stored: Json | None = None
    confirmed: Json | None = None
    is_same_but_for_status: bool = False


def prove(bundle: bytes, key: bytes) -> bytes:
    """Return the proof of an encoded Bundle, by a key of 1 to 64 bytes. Pure."""
    rows = []
    for _, sent in observations_in(decode(bundle)):
        form = _without_words(normal_form(sent))
        parts = (form.whole, *form.components)
        codes = sorted({_code(each, key) for part in parts for each in part.codings})
        rows.append([*names_of(sent)[0], _digest(form, key), _text(b"".join(codes))])
    return json.dumps({"version": _VERSION, "observations": rows}, separators=(",", ":")).encode()


def names_in(proof: bytes) -> list[Named]:
    """Return the identifiers of the Observations that a proof stands for.

    Raises ValueError for a proof of another version.
    """
    return [(row[0], row[1]) for row in _rows(proof)]


def compare(proof: bytes, stored: Held, key: bytes) -> list[Finding]:
    """Return what the EHR holds of each Observation that a proof stands for.

    `stored` is by identifier, as `look_up.held` returns it. Raises ValueError for a proof of
    another version.
    """
    return [_finding(row, stored, key) for row in _rows(proof)]


def _finding(row: list[str], stored: Held, key: bytes) -> Finding:
    system, value, digest, codes = row
    copies = live_first(stored.get((system, value), ()))
    if not copies:
        return Finding(name=(system, value), found=Found.ABSENT)
    confirmed = _as_sent(copies[0], b64decode(codes), key)
    form = _without_words(normal_form(confirmed))
    return Finding(
        name=(system, value),
        found=found_of(copies, is_same=_digest(form, key) == digest),
        stored=copies[0],
        confirmed=confirmed,
        is_same_but_for_status=_digest(replace(form, status=_SENT_STATUS), key) == digest,
    )


def _rows(proof: bytes) -> list[list[str]]:
    form = json.loads(proof)
    if form.get("version") != _VERSION:
        raise ValueError("the proof is of another version")
    rows: list[list[str]] = form["observations"]
    return rows


def _as_sent(observation: Json, codes: bytes, key: bytes) -> Json:
    """Return an Observation without the codes, and the components, that the EHR has added.

    Components in words stay, as nothing is known of them.
    """
    sent = {codes[at : at + _CODE_BYTES] for at in range(0, len(codes), _CODE_BYTES)}

    def known(element: Json) -> Json:
        code = element.get("code")
        if not isinstance(code, dict) or "coding" not in code:
            return element
        kept = [each for each in objects_in(code["coding"]) if _code(coding_of(each), key) in sent]
        return {**element, "code": {**code, "coding": kept}}

    components = [known(part) for part in objects_in(observation.get("component"))]
    kept = [part for part in components if "valueString" in part or _is_coded(part)]
    return known(observation) | ({"component": kept} if "component" in observation else {})


def _is_coded(part: Json) -> bool:
    code = part.get("code")
    return not isinstance(code, dict) or code.get("coding") != []


def _without_words(form: NormalForm) -> NormalForm:
    return replace(form, components=tuple(part for part in form.components if not part.is_words))


def _digest(form: NormalForm, key: bytes) -> str:
    components = frozenset((part.codings, part.value) for part in form.components)
    whole = (
        form.status,
        form.subject,
        form.effective,
        (form.whole.codings, form.whole.value),
        # A component told twice is not the same as one told once.
        (len(form.components), components),
    )
    content = json.dumps(_plain(whole), separators=(",", ":")).encode()
    return _text(blake2b(content, key=key, digest_size=_DIGEST_BYTES).digest())


def _code(coding: Coding, key: bytes) -> bytes:
    content = json.dumps(_plain(coding)).encode()
    return blake2b(content, key=key, digest_size=_CODE_BYTES).digest()


def _plain(value: Hashable) -> object:
    """Return a value as JSON has it, the same for equal values."""
    match value:
        case None | bool() | str():
            return value
        case int() | Decimal():
            return ["number", _number(Decimal(value))]
        case datetime():
            return ["instant", value.isoformat()]
        case tuple():
            return [_plain(each) for each in value]
        case frozenset():
            return sorted((_plain(each) for each in value), key=json.dumps)
    raise TypeError(f"{type(value).__name__} is in no normal form")


def _number(number: Decimal) -> str:
    """Return digits and exponent without trailing zeros, of any size, without rounding."""
    sign, digits, exponent = number.as_tuple()
    written = "".join(map(str, digits)).lstrip("0")
    kept = written.rstrip("0")
    if not kept:
        return "0"
    return f"{'-' if sign else ''}{kept}e{int(exponent) + len(written) - len(kept)}"


def _text(content: bytes) -> str:
    return b64encode(content).decode()
