"""The digits of a decimal survive; what JSON cannot say exactly is refused."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.fhir.encoding import decode, encode

_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.decimals(allow_nan=False, allow_infinity=False).filter(lambda d: "." in str(d))
    | st.text()
)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def _digits(value: Any) -> Any:
    """Make two decimals differ that only differ in trailing zeros."""
    if isinstance(value, dict):
        return {key: _digits(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_digits(member) for member in value]
    return str(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("digits", ["128", "72.5", "72.50", "0.10", "-0.0", "1.5E-10", "37"])
def test_a_decimal_is_written_digit_for_digit(digits: str) -> None:
    assert encode({"value": Decimal(digits)}) == f'{{"value":{digits}}}'.encode()


@given(st.dictionaries(st.text(), _values, max_size=5))
def test_what_is_encoded_is_decoded_with_every_digit(resource: dict[str, Any]) -> None:
    assert _digits(decode(encode(resource))) == _digits(resource)


@given(st.dictionaries(st.text(), _values, max_size=5))
def test_the_form_is_the_json_that_everybody_reads(resource: dict[str, Any]) -> None:
    text = encode(resource).decode()
    plain = json.loads(text, parse_float=Decimal)
    assert json.dumps(plain, ensure_ascii=False, default=str) == json.dumps(
        resource, ensure_ascii=False, default=str
    )


@pytest.mark.parametrize("value", [0.1, 1.0, float("nan"), b"", {1, 2}, object()])
def test_a_float_or_a_foreign_type_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        encode({"value": value})


def test_a_key_that_is_no_string_is_refused() -> None:
    with pytest.raises(TypeError):
        encode({"value": {1: "one"}})


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("-Infinity"), "\ud800"])
def test_what_utf8_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"NaN|surrogates"):
        encode({"value": value})


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"value":NaN}',
        b'{"value":-Infinity}',
        b'{"value":1e99999999999999999999}',
        b"<html>secret</html>",
        b'{"name":"secret\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_not_one_json_object_is_refused_without_quoting_it(payload: bytes) -> None:
    with pytest.raises(ValueError, match="not a JSON") as caught:
        decode(payload)
    assert "secret" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_value_error(payload: bytes) -> None:
    try:
        resource = decode(payload)
    except ValueError:
        return
    assert isinstance(resource, dict)
