"""A small month without network with every test run; `make month` has a hundred thousand readings.

Pauses are longer here, so that a month has some hundred attempts and not ten thousand.
"""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from month import growth_of, wrong_with
from month_offline import LightEhr, Outcome, Sample, month
from month_over_http import send_over_http
from virtual_time import run_in_virtual_time

from ohx_desktop.outbox import backoff
from ohx_desktop.virtual.ehr.sandbox import sandbox_ehr_in_thread


@pytest.mark.timeout(240)
def test_after_a_month_without_network_all_arrives_once_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "CAP_S", 7200.0)
    lived = partial(month, folder=tmp_path, readings=2000, patients=100, seed=1)
    outcome = run_in_virtual_time(lived)
    assert wrong_with(outcome, readings=2000, patients=100) == []
    assert outcome.attempts_offline > 500


def test_what_is_missing_doubled_or_left_is_found() -> None:
    ehr = LightEhr(readings=10, arrived={"Patient/1": "2026"})
    clean = Outcome(ehr=ehr, left=0, attempts_offline=1, samples=())
    assert wrong_with(clean, readings=10, patients=1) == []
    assert wrong_with(clean, readings=11, patients=1) != []
    assert wrong_with(clean, readings=10, patients=2) != []
    assert wrong_with(replace(clean, left=1), readings=10, patients=1) != []
    assert wrong_with(replace(clean, ehr=replace(ehr, wrong=1)), readings=10, patients=1) != []


def test_growth_is_found() -> None:
    samples = [Sample(what="queued", readings=n, resident_kb=50_000) for n in (1, 2)]
    assert growth_of(samples) == []
    assert growth_of([*samples, replace(samples[0], resident_kb=90_000)]) != []


@pytest.mark.timeout(120)
def test_what_waited_for_a_real_server_arrives_once_and_in_order(tmp_path: Path) -> None:
    with sandbox_ehr_in_thread() as ehr:
        sending = send_over_http(tmp_path, ehr.base_url, ehr.store, readings=60)
        assert asyncio.run(sending) == []
