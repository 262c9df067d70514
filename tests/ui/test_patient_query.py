"""One field takes a number or a name; what is neither is answered, never guessed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.domain.patient import PatientQuery
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.parts import MessageView
from ohx_desktop.ui.models.query import query_of

_TODAY = date(2026, 11, 23)
_BORN = date(1951, 11, 23)
_JANE = PatientQuery(family="Smith", given="Jane", birth_date=_BORN)


@pytest.mark.parametrize(
    ("typed", "identifier"),
    [
        ("9434765919", "9434765919"),
        ("  943 476 5919 ", "943 476 5919"),
        ("943\u00a0476\u00a05919", "943 476 5919"),
        ("A-17/4", "A-17/4"),
        ("KVNR M310119800", "KVNR M310119800"),
    ],
)
def test_a_number_is_an_identifier(typed: str, identifier: str) -> None:
    assert query_of(typed, _TODAY) == PatientQuery(identifier=identifier)


@pytest.mark.parametrize(
    "typed",
    [
        "Smith, Jane, 23-Nov-1951",
        "Smith, Jane 23 nov 1951",
        "Smith, Jane, 23 November 1951",
        "Smith, Jane, 1951-11-23",
        "Smith,Jane,23.11.1951",
        "Smith, Jane, 23/11/1951",
        "Smith, Jane, 11/23/1951",
        "Smith 23-Nov-1951, Jane",
    ],
)
def test_a_name_with_a_birth_date_in_any_usual_form(typed: str) -> None:
    assert query_of(typed, _TODAY) == _JANE


def test_names_keep_their_letters_and_spaces() -> None:
    query = query_of("Weiß-Großmüller von Ürzig, Jürgen Max", _TODAY)
    assert query == PatientQuery(family="Weiß-Großmüller von Ürzig", given="Jürgen Max")
    assert query_of("الأحمدي, فاطمة", _TODAY) == PatientQuery(family="الأحمدي", given="فاطمة")


def test_one_name_with_a_birth_date_is_enough() -> None:
    assert query_of("Suharto 23-Nov-1951", _TODAY) == PatientQuery(
        family="Suharto", birth_date=_BORN
    )


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", texts.QUERY_EMPTY),
        ("   ", texts.QUERY_EMPTY),
        ("Smith", texts.QUERY_TOO_WIDE),
        ("Smith,", texts.QUERY_TOO_WIDE),
        (",", texts.QUERY_NO_NAME),
        ("23-Nov-1951", texts.QUERY_NO_NAME),
        ("Smith, Jane, 31-Feb-1951", texts.QUERY_BAD_DATE),
        ("Smith, Jane, 23-Xyz-1951", texts.QUERY_BAD_DATE),
        ("Smith, Jane, 23.11.51", texts.QUERY_BAD_DATE),
        ("Smith, Jane, 23-Nov-2951", texts.QUERY_BAD_DATE),
        ("Smith, Jane, 03/11/1951", texts.QUERY_TWO_WAYS),
    ],
)
def test_what_is_no_query_is_answered(typed: str, answer: tuple[str, str]) -> None:
    message = query_of(typed, _TODAY)
    assert isinstance(message, MessageView)
    assert message.what == answer[0]
    assert message.rest.endswith(answer[1])


def test_the_same_day_and_month_can_be_read_in_one_way_only() -> None:
    query = query_of("Smith, Jane, 11/11/1951", _TODAY)
    assert isinstance(query, PatientQuery)
    assert query.birth_date == date(1951, 11, 11)


@given(st.text(max_size=60))
def test_any_text_gives_a_query_or_an_answer(typed: str) -> None:
    assert isinstance(query_of(typed, _TODAY), PatientQuery | MessageView)
