"""How a server is spoken to follows from what it says of itself; what it gets, from the queue."""

import json
from typing import Any

import pytest
from fhir_answers import BUNDLE, statement
from fhir_samples import submission
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.domain.errors import Misconfigured
from ohx_desktop.fhir.capability import Capabilities, Version, capabilities_from
from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.mapping import transaction_bundle
from ohx_desktop.fhir.plan import UploadPlan, Way, plan_for, rendered

Json = dict[str, Any]


def _told(
    version: str = "5.0.0",
    *,
    transaction: bool = True,
    conditional_create: bool | None = True,
    update_create: bool | None = True,
) -> Capabilities:
    return Capabilities(
        fhir_version=version,
        transaction=transaction,
        conditional_create=conditional_create,
        update_create=update_create,
        validation=None,
    )


def test_a_server_that_can_all_gets_what_is_queued() -> None:
    plan = plan_for(capabilities_from(statement()))
    assert plan.is_as_queued
    assert encode(rendered(decode(BUNDLE), plan)) == BUNDLE


@pytest.mark.parametrize(
    ("told", "way"),
    [
        (_told(), Way.TRANSACTION),
        (_told(conditional_create=None), Way.TRANSACTION),
        # A transaction without conditions would store a second copy on every retry.
        (_told(conditional_create=False), Way.SEARCH_THEN_CREATE),
        (_told(transaction=False), Way.CONDITIONAL_CREATE),
        (_told(transaction=False, conditional_create=None), Way.CONDITIONAL_CREATE),
        (_told(transaction=False, conditional_create=False), Way.SEARCH_THEN_CREATE),
    ],
)
def test_the_surest_way_that_is_not_denied_is_taken(told: Capabilities, way: Way) -> None:
    assert plan_for(told).way is way


@pytest.mark.parametrize(
    ("version", "expected"),
    [("5.0.0", Version.R5), ("5.0.1", Version.R5), ("4.0.1", Version.R4)],
)
def test_the_version_is_what_the_server_says(version: str, expected: Version) -> None:
    assert plan_for(_told(version)).version is expected


@pytest.mark.parametrize("version", ["3.0.2", "4.3.0", "6.0.0", "unknown", ""])
def test_a_version_that_is_not_spoken_is_refused_unless_an_admin_knows_better(
    version: str,
) -> None:
    with pytest.raises(Misconfigured, match="R5 and R4"):
        plan_for(_told(version))
    assert plan_for(_told(version), "R4").version is Version.R4


def test_without_update_as_create_provenance_is_created_once_by_its_tag() -> None:
    plan = UploadPlan(update_create=False)
    *others, record = rendered(decode(BUNDLE), plan)["entry"]
    assert encode({"entry": others}) == encode({"entry": decode(BUNDLE)["entry"][:-1]})
    (tag,) = record["resource"]["meta"]["tag"]
    assert record["request"] == {
        "method": "POST",
        "url": "Provenance",
        "ifNoneExist": f"_tag={tag['system']}%7C{tag['code']}",
    }
    assert "id" not in record["resource"]
    assert decode(BUNDLE)["entry"][-1]["resource"]["id"] in tag["code"]


@given(st.sampled_from(Version), st.booleans())
def test_what_a_server_gets_depends_on_the_queued_bytes_alone(
    version: Version, update_create: bool
) -> None:
    plan = UploadPlan(version=version, update_create=update_create)
    once = encode(rendered(transaction_bundle(submission()), plan))
    assert encode(rendered(decode(BUNDLE), plan)) == once
    assert len(json.loads(once)["entry"]) == len(decode(BUNDLE)["entry"])
