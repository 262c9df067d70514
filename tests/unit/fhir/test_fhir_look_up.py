"""A look-up is believed only if it came whole: servers that cannot search, lag, or ignore it."""

from typing import Any

import httpx
import pytest
from fhir_answers import (
    BASE,
    BUNDLE,
    Handler,
    answering,
    fhir,
    filing,
    outcome,
    searchset,
    transaction_response,
)

from ohx_desktop.domain.errors import Misconfigured, Transient
from ohx_desktop.domain.look_up import Found
from ohx_desktop.fhir.encoding import decode

Json = dict[str, Any]
MAIN: Json = decode(BUNDLE)["entry"][2]["resource"] | {"id": "502"}
PULSE: Json = decode(BUNDLE)["entry"][3]["resource"] | {"id": "503"}


async def test_a_server_without_search_by_post_is_searched_by_get() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.headers["Cache-Control"] == "no-cache"
        if request.method == "POST":
            return fhir(outcome("not-supported"), 405)
        assert request.url.params["_count"] == "4"
        assert request.url.params["identifier"].count(",") == 1
        return fhir(searchset(MAIN, PULSE))

    (looked,) = await filing(handle).look_up([BUNDLE])
    assert looked.found is Found.SAME


def _unsearchable(search: httpx.Response) -> Handler:
    """Return a server that stores, answers reads, and a search so."""
    stored = {"Observation/502": MAIN, "Observation/503": PULSE}

    def handle(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/fhir").lstrip("/")
        if path in {"Observation/_search", "Observation"}:
            return search
        if path in stored:
            return fhir(stored[path])
        return fhir(transaction_response())

    return handle


@pytest.mark.parametrize(
    "search",
    [
        fhir(searchset()),
        fhir(outcome("forbidden"), 403),
        fhir(outcome("not-supported"), 501),
        fhir(outcome("invalid"), 400),
    ],
    ids=["index lags", "not allowed", "not there", "parameter not known"],
)
async def test_what_was_just_stored_is_read_where_no_search_finds_it(
    search: httpx.Response,
) -> None:
    ehr = filing(_unsearchable(search))
    await ehr.transact(BUNDLE)
    (looked,) = await ehr.look_up([BUNDLE])
    assert (looked.found, looked.reference) == (Found.SAME, "Observation/502")


async def test_without_search_and_location_nothing_is_said_of_a_reading() -> None:
    with pytest.raises(Misconfigured):
        await filing(_unsearchable(fhir(outcome("forbidden"), 403))).look_up([BUNDLE])


async def test_a_server_that_ignores_the_identifier_is_not_believed() -> None:
    other = PULSE | {"id": "900", "identifier": [{"system": "urn:own", "value": "1"}]}
    with pytest.raises(Misconfigured, match="other Observations"):
        await filing(answering(fhir(searchset(other)))).look_up([BUNDLE])


async def test_pages_are_followed_and_an_endless_answer_is_asked_for_in_halves() -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.content.decode())
        if request.method == "POST" and "%2C" not in asked[-1]:
            wanted = MAIN if MAIN["identifier"][0]["value"][9:] in asked[-1] else PULSE
            return fhir(searchset(wanted))
        return fhir(searchset(next_page=f"{BASE}?page={len(asked)}"))

    (looked,) = await filing(handle).look_up([BUNDLE])
    assert looked.found is Found.SAME
    assert len(asked) < 10


@pytest.mark.parametrize("body", [b"<html/>", b'{"resourceType": "Patient", "id": "1"}', b""])
async def test_an_answer_that_is_no_search_set_is_not_taken_for_absence(body: bytes) -> None:
    with pytest.raises(Transient):
        await filing(answering(httpx.Response(200, content=body))).look_up([BUNDLE])


async def test_an_observation_of_another_name_or_without_an_id_is_not_the_reading() -> None:
    broken = {name: value for name, value in MAIN.items() if name != "id"}
    (looked,) = await filing(answering(fhir(searchset(broken)))).look_up([BUNDLE])
    assert looked.found is Found.ABSENT


async def test_nothing_is_asked_where_nothing_is_looked_for() -> None:
    assert await filing(answering(fhir(outcome("invalid"), 500))).look_up([]) == []
