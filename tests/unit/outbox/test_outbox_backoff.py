"""Waiting times: growing, spread, never beyond what a person would accept."""

from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.outbox.backoff import (
    BLOCKED_CAP_S,
    CAP_S,
    LONGEST_S,
    RETRY_AFTER_CAP_S,
    blocked_delay_s,
    probe_delay_s,
    retry_delay_s,
)

chance = st.floats(0, 1, exclude_max=True)
attempts = st.integers(1, 10**9)


def test_the_delay_doubles_up_to_five_minutes() -> None:
    delays = [retry_delay_s(n, rng=lambda: 1.0) for n in range(1, 12)]
    assert delays == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


@given(attempts, chance)
def test_the_delay_stays_between_half_and_all_of_it(attempts: int, drawn: float) -> None:
    whole = retry_delay_s(attempts, rng=lambda: 1.0)
    assert whole / 2 <= retry_delay_s(attempts, rng=lambda: drawn) <= whole <= CAP_S


@given(attempts, chance, st.floats(0, RETRY_AFTER_CAP_S))
def test_the_server_is_never_asked_before_it_wants(n: int, drawn: float, asked_s: float) -> None:
    assert retry_delay_s(n, rng=lambda: drawn, retry_after_s=asked_s) >= asked_s


@given(attempts, chance, st.floats(-(10**9), 10**9))
def test_no_answer_of_a_server_holds_readings_back_for_hours(
    n: int, drawn: float, asked_s: float
) -> None:
    assert 0 < retry_delay_s(n, rng=lambda: drawn, retry_after_s=asked_s) <= LONGEST_S


@given(attempts, chance)
def test_an_account_that_is_refused_is_not_hammered(n: int, drawn: float) -> None:
    assert 15 <= blocked_delay_s(n, rng=lambda: drawn) <= BLOCKED_CAP_S


def test_the_ehr_is_tried_for_ever_later_however_long_it_is_away() -> None:
    assert [probe_delay_s(pauses) for pauses in (1, 2, 3, 5)] == [1.0, 2.0, 4.0, 15.0]
    assert probe_delay_s(10_000) == 15.0
