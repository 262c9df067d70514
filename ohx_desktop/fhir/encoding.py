"""FHIR JSON to bytes and back, without losing a digit.

FHIR holds the digits of a decimal significant (72.50 is not 72.5). The standard library writes no
Decimal and lets no hook put a bare number into its output, so the few lines that JSON needs are
here; strings are still escaped by `json`.

Source: FHIR R5, JSON representation; data type decimal.
"""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

Json = dict[str, Any]
# What json makes of every object it meets.
ObjectHook = Callable[[dict[str, Any]], Any]


def encode(resource: Json) -> bytes:
    """Return a resource as compact UTF-8 JSON, every Decimal digit for digit.

    Keys keep their order, so equal resources give equal bytes. Raises TypeError for a float and
    for anything else that is not JSON, ValueError for NaN, infinities and broken Unicode.
    """
    return _text(resource).encode()


def decode(payload: bytes, *, object_hook: ObjectHook = dict) -> Json:
    """Return the JSON object in `payload`; numbers are int or Decimal, never float.

    Raises ValueError for everything that is not one whole JSON object. Its text quotes nothing of
    the payload.
    """
    try:
        resource = json.loads(
            payload.decode("utf-8-sig"),
            object_hook=object_hook,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
        )
    except (ValueError, InvalidOperation, RecursionError):
        # The original exceptions carry the whole document, so the chain is cut.
        raise ValueError("not a JSON document") from None
    if not isinstance(resource, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one exception for one contract
    return resource


def objects_in(value: object) -> list[Json]:
    """Return the objects in what should be a list of them; what a server sends is not certain."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is dict:
        members = [f"{_key(key)}:{_text(member)}" for key, member in value.items()]
        return f"{{{','.join(members)}}}"
    if kind is list or kind is tuple:
        return f"[{','.join(map(_text, value))}]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case int():
            return str(int(value))
        case Decimal() if value.is_finite():
            return str(value)
        case Decimal():
            raise ValueError("JSON has no NaN and no infinity")
        # What only derives from these is written as they are: enumerations, fhirpy's dict.
        case str():
            return encode_basestring(str(value))
        case dict():
            return _text(dict(value))
        case list() | tuple():
            return _text(list(value))
    raise TypeError(f"{type(value).__name__} has no exact form in JSON")


@lru_cache(maxsize=512)
def _key(key: object) -> str:
    """Names of elements are few; values, which may be of a person, are not kept."""
    if not isinstance(key, str):
        raise TypeError("keys of JSON objects are strings")
    return encode_basestring(str(key))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
