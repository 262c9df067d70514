"""Every way in which an EHR can say no, what it means, and that no word of it leaks."""

import httpx
import pytest
from fhir_answers import BUNDLE, answering, fhir, filing, outcome

from ohx_desktop.domain.errors import Misconfigured, NotAuthorised, Refused, RemoteError, Transient
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.fhir.outcome import error_for_response, warnings_in
from ohx_desktop.transport import HttpResponse

SECRET = "Müller 1954-03-02 138"  # noqa: S105 - a patient's data, as servers quote it


async def _refusal(response: httpx.Response) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        await filing(answering(response)).transact(BUNDLE)
    return caught.value


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507, 599])
async def test_a_server_that_is_not_able_now_is_asked_again(status: int) -> None:
    error = await _refusal(httpx.Response(status, headers={"Retry-After": "7"}))
    assert type(error) is Transient
    assert (error.status, error.retry_after_s) == (status, 7.0)


@pytest.mark.parametrize(
    "code",
    ["transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled"],
)
@pytest.mark.parametrize("status", [400, 422, 500])
async def test_an_issue_that_time_may_heal_is_asked_again(code: str, status: int) -> None:
    assert type(await _refusal(fhir(outcome(code), status))) is Transient


async def test_one_issue_for_good_outweighs_one_that_time_may_heal() -> None:
    both = outcome("timeout")
    both["issue"] += outcome("invariant")["issue"]
    assert type(await _refusal(fhir(both, 422))) is Refused


async def test_a_conflict_is_asked_again_and_can_be_told_by_its_status() -> None:
    for response in (httpx.Response(409), fhir(outcome("conflict"), 409)):
        error = await _refusal(response)
        assert (type(error), error.status) == (Transient, 409)


async def test_a_refused_sign_in_stops_the_queue() -> None:
    assert type(await _refusal(httpx.Response(401))) is NotAuthorised
    assert type(await _refusal(fhir(outcome("transient"), 401))) is NotAuthorised


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 403, 404, 405, 406, 410, 415, 501])
async def test_a_wrong_address_or_right_stops_the_queue(status: int) -> None:
    moved = {"Location": "https://elsewhere.example.org/fhir"}
    assert type(await _refusal(httpx.Response(status, headers=moved))) is Misconfigured


async def test_a_forbidden_write_stops_the_queue_with_an_outcome_too() -> None:
    error = await _refusal(fhir(outcome("forbidden"), 403))
    assert type(error) is Misconfigured
    assert "must allow" in error.hint


@pytest.mark.parametrize("status", [400, 412, 413, 422])
async def test_a_refused_item_is_kept_for_a_person(status: int) -> None:
    assert type(await _refusal(httpx.Response(status))) is Refused
    assert type(await _refusal(fhir(outcome("invalid"), status))) is Refused


@pytest.mark.parametrize("status", [404, 410])
async def test_a_missing_patient_is_a_refused_item_and_no_wrong_address(status: int) -> None:
    assert type(await _refusal(fhir(outcome("not-found"), status))) is Refused


async def test_an_unsupported_operation_stops_the_queue() -> None:
    assert type(await _refusal(fhir(outcome("not-supported"), 404))) is Misconfigured


@pytest.mark.parametrize("body", [b"<html>login</html>", b'["list"]', b'{"issue": 3}', b"\xff"])
async def test_an_error_page_is_judged_by_its_status(body: bytes) -> None:
    assert type(await _refusal(httpx.Response(502, content=body))) is Transient
    assert type(await _refusal(httpx.Response(400, content=body))) is Refused


async def test_the_refused_element_is_named() -> None:
    said = outcome("invariant", expression=["Bundle.entry[2].resource.component[1]"])
    error = await _refusal(fhir(said, 422))
    assert error.what == (
        "the EHR answered 422 Unprocessable Entity: a rule of the profile is broken (invariant) "
        "at Bundle.entry[2].resource.component[1] (Observation, Blood pressure)"
    )


async def test_what_the_server_quotes_never_reaches_the_error() -> None:
    said = outcome(
        "invalid",
        details={"text": SECRET},
        diagnostics=SECRET,
        expression=[f"Patient.name.where(family='{SECRET}')"],
    )
    said["issue"] += outcome(SECRET, expression=[SECRET], location=[f"/f:{SECRET}"])["issue"]
    error = await _refusal(fhir(said, 422))
    for word in SECRET.split():
        assert word not in f"{error} {error!r}"
    assert "at Patient.name" in error.what
    assert "(unknown)" in error.what
    assert error.__cause__ is None


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("Bundle.entry[9].resource", "at Bundle.entry[9].resource"),
        (
            "Bundle.entry[2].resource/*Observation/null*/.code",
            "at Bundle.entry[2].resource.code (Observation, Blood pressure)",
        ),
        ("Observation.value.ofType(Quantity).code", "at Observation.value.ofType"),
        ("Smith.name", None),
        ("", None),
    ],
)
def test_only_paths_of_elements_are_told(path: str, told: str | None) -> None:
    said = outcome("value", "warning", expression=[path])
    sent = {"entry": [{}, {}, {"resource": _panel()}]}
    (sentence,) = warnings_in(said, sent)
    assert sentence.endswith(told or "(value)")


@pytest.mark.parametrize(
    "issue", [None, "x", [None], [{}], [{"code": ["a"]}], [{"expression": 4}], [{"location": [1]}]]
)
def test_a_malformed_outcome_breaks_nothing(issue: object) -> None:
    said = {"resourceType": "OperationOutcome", "issue": issue}
    response = HttpResponse(status=422, headers={}, body=encode(said))
    assert type(error_for_response(response)) is Refused


def _panel() -> dict[str, object]:
    return {"resourceType": "Observation", "code": {"text": "Blood pressure"}}
