"""A cloud service's answer, and its JSON read strictly: decimals, no name twice, no NaN. Pure.

Source: RFC 8259.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any, NoReturn, Protocol

Json = dict[str, Any]


class Answer(Protocol):
    """An answer read to its end. Header names are lower case."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers by lower-case name."""

    @property
    def body(self) -> bytes:
        """The body as it came."""


def is_success(answer: Answer) -> bool:
    """Tell whether the HTTP status is 2xx."""
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def json_object(answer: Answer) -> Json:
    """Return the JSON object in an answer, its fractions as decimals. Raises ValueError.

    What does not call itself JSON is none: a page of a proxy may begin with a brace.
    """
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ValueError("not called JSON")
    try:
        found = json.loads(
            answer.body,
            parse_float=Decimal,
            parse_constant=_refuse,
            object_pairs_hook=_each_name_once,
        )
    except (RecursionError, ArithmeticError) as error:
        raise ValueError("JSON beyond measure") from error
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a wrong answer, not a wrong call
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _each_name_once(pairs: list[tuple[str, Any]]) -> Json:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name twice in one object")
    return members
