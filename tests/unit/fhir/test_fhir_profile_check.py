"""The judge of profiles must itself find faults, or its silence means nothing."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from fhir_checks import profile_problems
from fhir_samples import submission

from ohx_desktop.fhir.encoding import encode
from ohx_desktop.fhir.mapping import transaction_bundle

Json = dict[str, Any]
BUNDLE = json.loads(encode(transaction_bundle(submission())))
PANEL: Json = BUNDLE["entry"][2]["resource"]
PULSE: Json = BUNDLE["entry"][3]["resource"]


def test_good_observations_pass() -> None:
    assert profile_problems(PANEL, "bp") == []
    assert profile_problems(PULSE, "heartrate") == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r["component"].pop(1),
        lambda r: r["component"].append(r["component"][0]),
        lambda r: r["component"][0]["valueQuantity"].update(code="mmHg"),
        lambda r: r["component"][0]["valueQuantity"].pop("unit"),
        lambda r: r["component"][0]["valueQuantity"].update(system="urn:other"),
        lambda r: r["code"]["coding"].pop(0),
        lambda r: r["code"]["coding"][0].update(code="55284-4"),
        lambda r: r.update(valueQuantity={"value": 1}),
        lambda r: r.pop("subject"),
        lambda r: r.pop("status"),
        lambda r: r.pop("effectiveDateTime"),
        lambda r: r["category"].pop(0),
        lambda r: r["category"].append(r["category"][0]),
    ],
)
def test_a_spoiled_panel_is_found(spoil: Callable[[Json], object]) -> None:
    spoiled = copy.deepcopy(PANEL)
    spoil(spoiled)
    assert profile_problems(spoiled, "bp")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r["valueQuantity"].update(code="bpm"),
        lambda r: r["valueQuantity"].pop("value"),
        lambda r: r["code"]["coding"].pop(0),
    ],
)
def test_a_spoiled_pulse_is_found(spoil: Callable[[Json], object]) -> None:
    spoiled = copy.deepcopy(PULSE)
    spoil(spoiled)
    assert profile_problems(spoiled, "heartrate")
