"""What was typed or scanned into the one search field, as a query or as what is missing."""

import re
from datetime import date

from ohx_desktop.domain.patient import PatientQuery
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.parts import MessageView

_MONTH = {name.lower(): number for number, name in enumerate(texts.MONTHS, start=1)}
_LETTERS = re.compile(r"\b(\d{1,2})[-. ]*([^\W\d_]{3,})[-. ]*(\d{4})\b")
_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_DOTS = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b")
_SLASHES = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b")
_LAST_MONTH = 12


class _NotUnderstoodError(ValueError):
    """Why the text is no query; the argument is the pair of sentences."""


def query_of(text: str, today: date) -> PatientQuery | MessageView:
    """Return the query in the text, or the message that says what to type.

    An identifier has a digit and no comma. A name is "family, given", with a birth date anywhere
    after the family name: 23-Nov-1951, 1951-11-23, 23.11.1951, or 23/11/1951 where only one order
    of day and month is possible. A family name alone is refused: it shows too many strangers.
    """
    try:
        return _query(" ".join(text.split()), today)
    except _NotUnderstoodError as error:
        what, now_what = error.args[0]
        return MessageView(what=what, rest=f"{texts.NO_SEARCH_YET} {now_what}")


def _query(text: str, today: date) -> PatientQuery:
    if not text:
        raise _NotUnderstoodError(texts.QUERY_EMPTY)
    born, rest = _birth_date(text, today)
    if born is None and "," not in text and any(character.isdigit() for character in text):
        return PatientQuery(identifier=text)
    family, _, given = (part.strip(" ,;") for part in rest.partition(","))
    if not family:
        raise _NotUnderstoodError(texts.QUERY_NO_NAME)
    if any(character.isdigit() for character in rest):
        raise _NotUnderstoodError(texts.QUERY_BAD_DATE)
    if not given and born is None:
        raise _NotUnderstoodError(texts.QUERY_TOO_WIDE)
    return PatientQuery(family=family, given=given or None, birth_date=born)


def _birth_date(text: str, today: date) -> tuple[date | None, str]:
    for pattern, read in ((_LETTERS, _letters), (_ISO, _iso), (_DOTS, _dots), (_SLASHES, _slashes)):
        match = pattern.search(text)
        if match is None:
            continue
        try:
            year, month, day = read(*match.groups())
            born = date(year, month, day)
        except (ValueError, KeyError) as error:
            if isinstance(error, _NotUnderstoodError):
                raise
            raise _NotUnderstoodError(texts.QUERY_BAD_DATE) from error
        if born > today:
            raise _NotUnderstoodError(texts.QUERY_BAD_DATE)
        return born, f"{text[: match.start()]} {text[match.end() :]}".strip()
    return None, text


def _letters(day: str, month: str, year: str) -> tuple[int, int, int]:
    return int(year), _MONTH[month[:3].lower()], int(day)


def _iso(year: str, month: str, day: str) -> tuple[int, int, int]:
    return int(year), int(month), int(day)


def _dots(day: str, month: str, year: str) -> tuple[int, int, int]:
    return int(year), int(month), int(day)


def _slashes(first: str, second: str, year: str) -> tuple[int, int, int]:
    one, two = int(first), int(second)
    if one != two and one <= _LAST_MONTH and two <= _LAST_MONTH:
        raise _NotUnderstoodError(texts.QUERY_TWO_WAYS)
    day, month = (one, two) if two <= _LAST_MONTH else (two, one)
    return int(year), month, day
