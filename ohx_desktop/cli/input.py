"""What commands read: files and stdin, always as UTF-8, whatever the system's own encoding is."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from ohx_desktop.domain.errors import UsageError

STDIN = "-"


def read_text(file: str) -> str:
    """Return the text of a file ("-" is stdin). Raises UsageError, which quotes nothing of it."""
    what = "stdin" if file == STDIN else file
    try:
        content = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
        # Editors on Windows put a byte order mark in front.
        return content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{what} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError:
        raise UsageError(f"{what} is not UTF-8 text") from None


def json_values(text: str) -> Iterator[Any]:
    """Yield the JSON values of a text: one a line, one after the other, or in arrays.

    Raises UsageError with the number of the value that is none.
    """
    decoder = json.JSONDecoder(parse_constant=_refuse)
    position, number = _next(text, 0), 0
    while position < len(text):
        number += 1
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            raise UsageError(f"item {number} of the input is not JSON") from None
        yield from value if isinstance(value, list) else (value,)
        position = _next(text, position)


def _next(text: str, position: int) -> int:
    """Return where the next value begins, or the length of the text."""
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")
