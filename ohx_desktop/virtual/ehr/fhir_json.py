"""FHIR JSON without loss: decimals keep their digits, so 72.50 stays 72.50.

Trailing zeros of a FHIR decimal are significant (FHIR R5, Datatypes, decimal). The standard
library reads decimals but cannot write them.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

Resource = dict[str, Any]
"""A FHIR resource as parsed JSON. Once stored it is never changed in place."""


def loads(text: str | bytes) -> Any:
    """Parse JSON with decimals as Decimal.

    Raises ValueError for anything that is not JSON, for NaN and Infinity, and for an object that
    names a property twice.
    """
    return json.loads(
        text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_unique
    )


def dumps(value: Any, *, sort_keys: bool = False) -> str:
    """Write JSON on one line. Raises TypeError for a float: it has no certain digits."""
    return "".join(_pieces(value, sort_keys))


def elements(node: Any, path: str) -> Iterator[Any]:
    """Yield what is at a dotted path, through lists."""
    name, _, rest = path.partition(".")
    for parent in node if isinstance(node, list) else [node]:
        child = parent.get(name) if isinstance(parent, dict) else None
        if child is None:
            continue
        if rest:
            yield from elements(child, rest)
        else:
            yield from child if isinstance(child, list) else [child]


def _unique(pairs: list[tuple[str, Any]]) -> Resource:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a JSON object names a property twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _pieces(value: Any, sort_keys: bool) -> Iterator[str]:
    match value:
        case dict():
            yield "{"
            members = sorted(value.items()) if sort_keys else value.items()
            for index, (key, member) in enumerate(members):
                yield f"{', ' if index else ''}{json.dumps(key, ensure_ascii=False)}: "
                yield from _pieces(member, sort_keys)
            yield "}"
        case list():
            yield "["
            for index, member in enumerate(value):
                yield ", " if index else ""
                yield from _pieces(member, sort_keys)
            yield "]"
        case Decimal():
            yield _digits(value)
        case None | bool() | int() | str():
            yield json.dumps(value, ensure_ascii=False)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in FHIR JSON")


def _digits(value: Decimal) -> str:
    """Return the digits as read: plain for a fraction, with its exponent for 1.0E+2."""
    exponent = value.as_tuple().exponent
    return format(value, "f") if isinstance(exponent, int) and exponent <= 0 else str(value)
