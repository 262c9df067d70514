"""Whom a search may show: nobody inactive, nobody of several, nobody from half an answer."""

import json
from datetime import date
from typing import Any

import httpx
import pytest
from fhir_answers import BASE, BUNDLE, Handler, client, fhir, outcome, patient, searchset, statement

from ohx_desktop.domain.errors import Misconfigured, Refused, Transient
from ohx_desktop.domain.patient import PatientQuery, PatientsFound, SearchNote

Json = dict[str, Any]
MRN = "urn:oid:1.2.3.4.5"
BORN = date(1954, 3, 2)
NUMBER = PatientQuery(identifier="943 476 5919")
NAMED = PatientQuery(family="Ocaña", given="María", birth_date=BORN)


def numbered(patient_id: str, **more: Any) -> Json:
    return patient(patient_id, identifier=[{"system": MRN, "value": "9434765919"}], **more)


def replaced(patient_id: str, by: str) -> Json:
    link = {"type": "replaced-by", "other": {"reference": by}}
    return numbered(patient_id, active=False, link=[link])


def server(*found: Json, reads: dict[str, httpx.Response] | None = None) -> Handler:
    """Return an EHR that finds these and holds those."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/_search"):
            return fhir(searchset(*found))
        if request.url.path.endswith("/metadata"):
            return fhir(statement())
        missing = fhir(outcome("not-found"), 404)
        return (reads or {}).get(request.url.path.removeprefix("/fhir/"), missing)

    return handler


async def found(handler: Handler, query: PatientQuery = NUMBER, **more: Any) -> PatientsFound:
    return await client(handler, system=MRN).find_patients(query, **more)


def references(told: PatientsFound) -> list[str]:
    return [patient.reference for patient in told.patients]


async def test_a_number_that_two_active_records_bear_finds_nobody() -> None:
    told = await found(server(numbered("a"), numbered("b")))
    assert told == PatientsFound(note=SearchNote.NOT_UNIQUE)


async def test_one_record_on_two_pages_is_one() -> None:
    def paged(request: httpx.Request) -> httpx.Response:
        first = "page" not in request.url.params
        return fhir(searchset(numbered("a"), next_page=f"{BASE}?page=2" if first else None))

    assert references(await found(paged)) == ["Patient/a"]


async def test_a_number_of_a_replaced_record_leads_to_the_one_in_use() -> None:
    reads = {
        "Patient/b": fhir(replaced("b", "Patient/c")),
        "Patient/c": fhir(patient("c")),
    }
    told = await found(server(replaced("a", "Patient/b"), reads=reads))
    assert (references(told), told.note) == (["Patient/c"], SearchNote.REPLACED)


async def test_an_old_record_beside_the_one_in_use_is_left_out() -> None:
    told = await found(server(replaced("a", "Patient/b"), numbered("b")))
    assert (references(told), told.note) == (["Patient/b"], None)


@pytest.mark.parametrize(
    "reads",
    [
        {},
        {"Patient/b": fhir(patient("b", active=False))},
        {
            "Patient/b": fhir(replaced("b", "Patient/a")),
            "Patient/a": fhir(replaced("a", "Patient/b")),
        },
        {"Patient/b": fhir(outcome("deleted"), 410)},
        {"Patient/b": fhir(outcome("forbidden"), 403)},
    ],
)
async def test_where_no_record_is_in_use_nobody_is_offered(
    reads: dict[str, httpx.Response],
) -> None:
    told = await found(server(replaced("a", "Patient/b"), reads=reads))
    assert told == PatientsFound(note=SearchNote.REPLACED)


@pytest.mark.parametrize("by", ["https://elsewhere.example.org/Patient/b", "Group/b", "#b", ""])
async def test_a_replacement_that_is_no_patient_here_is_not_followed(by: str) -> None:
    told = await found(server(replaced("a", by)))
    assert told.patients == ()


async def test_only_an_inactive_record_is_said_to_be_one() -> None:
    told = await found(server(numbered("a", active=False)))
    assert told == PatientsFound(note=SearchNote.INACTIVE)


async def test_more_than_can_be_compared_shows_nobody() -> None:
    told = await found(server(*(patient(f"p{n}") for n in range(4))), NAMED, limit=3)
    assert told == PatientsFound(note=SearchNote.TOO_MANY)


async def test_pages_that_lead_in_a_circle_are_believed_in_nothing() -> None:
    def circling(request: httpx.Request) -> httpx.Response:
        other = {"2": "3"}.get(request.url.params.get("page", ""), "2")
        return fhir(searchset(numbered("a"), next_page=f"{BASE}?page={other}"))

    with pytest.raises(Misconfigured, match="circle"):
        await found(circling)


async def test_a_giant_answer_is_refused() -> None:
    giant = searchset(numbered("a", text={"div": "x" * 9_000_000}))
    with pytest.raises(Transient, match="too long"):
        await found(lambda _request: fhir(giant))


async def test_what_a_search_includes_or_comments_on_is_nobody() -> None:
    bundle = searchset(numbered("a"))
    included = {"resource": numbered("b"), "search": {"mode": "include"}}
    comment = {"resource": outcome("not-supported", "warning"), "search": {"mode": "outcome"}}
    bundle["entry"] += [included, comment, {"search": {"mode": "match"}}, {"resource": "x"}]
    assert references(await found(lambda _request: fhir(bundle))) == ["Patient/a"]


async def test_a_server_that_ignores_what_was_asked_finds_nobody() -> None:
    stranger = patient("x", identifier=[{"system": MRN, "value": "1"}], birthDate="1990-01-01")
    other_system = patient("y", identifier=[{"system": "urn:other", "value": "9434765919"}])
    assert await found(server(stranger, other_system)) == PatientsFound()
    assert await found(server(stranger), NAMED) == PatientsFound()


async def test_a_birth_date_known_in_part_is_left_to_the_person() -> None:
    assert references(await found(server(patient("a", birthDate="1954")), NAMED)) == ["Patient/a"]


# ── $match ───────────────────────────────────────────────────────────────────────────────────


def matching(*graded: tuple[Json, str | None], status: int = 200) -> tuple[Handler, list[str]]:
    """Return an EHR that offers $match, and the paths it was asked at."""
    asked: list[str] = []
    told = statement()
    told["rest"][0]["resource"].append({"type": "Patient", "operation": [{"name": "match"}]})
    url = "http://hl7.org/fhir/StructureDefinition/match-grade"

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path.removeprefix("/fhir/"))
        if asked[-1] == "metadata":
            return fhir(told)
        if asked[-1] == "Patient/$match":
            assert "Oca" not in str(request.url)
            named = {p["name"]: p for p in json.loads(request.content)["parameter"]}
            assert named["resource"]["resource"]["birthDate"] == "1954-03-02"
            answer = searchset(*(resource for resource, _ in graded))
            for entry, (_, grade) in zip(answer["entry"], graded, strict=True):
                extension = [{"url": url, "valueCode": grade}] if grade else []
                entry["search"] = {"extension": extension, "score": 1}
            return fhir(answer, status)
        return fhir(searchset(patient("searched")))

    return handler, asked


async def test_only_who_is_certain_or_probable_is_shown() -> None:
    handler, asked = matching(
        (patient("a"), "certain"),
        (patient("b"), "probable"),
        (patient("c"), "possible"),
        (patient("d"), "certainly-not"),
        (patient("e"), None),
        (patient("f", active=False), "certain"),
        (patient("g", birthDate="1990-01-01"), "certain"),
    )
    assert references(await found(handler, NAMED)) == ["Patient/a", "Patient/b"]
    assert asked == ["metadata", "Patient/$match"]


@pytest.mark.parametrize("status", [200, 403, 422, 500])
async def test_where_match_is_sure_of_nobody_a_search_follows(status: int) -> None:
    handler, _ = matching((patient("c"), "possible"), status=status)
    assert references(await found(handler, NAMED)) == ["Patient/searched"]


@pytest.mark.parametrize("query", [NUMBER, PatientQuery(family="Ocaña")])
async def test_a_number_or_a_bare_name_is_never_matched(query: PatientQuery) -> None:
    handler, asked = matching((patient("a"), "certain"))
    await found(handler, query)
    assert asked == ["Patient/_search"]


async def test_what_the_server_can_do_is_asked_once() -> None:
    handler, asked = matching((patient("a"), "certain"))
    ehr = client(handler)
    for _ in range(2):
        (who,) = (await ehr.find_patients(NAMED)).patients
        await ehr.contexts(who)
    assert asked.count("metadata") == 1


# ── patients who vanish between choosing and filing ──────────────────────────────────────────


def refusing(status: int, code: str, patient_answer: httpx.Response) -> Handler:
    """Return an EHR that refuses every transaction so, and answers for its patient so."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/metadata"):
            return fhir(statement())
        if "/Patient/" in request.url.path:
            return patient_answer
        return fhir(outcome(code), status)

    return handler


@pytest.mark.parametrize(
    "gone", [fhir(outcome("not-found"), 404), fhir(outcome("deleted"), 410)], ids=["404", "410"]
)
@pytest.mark.parametrize(("status", "code"), [(400, "invalid"), (404, "not-found"), (422, "value")])
async def test_a_reading_refused_for_a_vanished_patient_says_so(
    gone: httpx.Response, status: int, code: str
) -> None:
    with pytest.raises(Refused, match="does not have this patient any more"):
        await client(refusing(status, code, gone)).transact(BUNDLE)


@pytest.mark.parametrize(
    "answer",
    [
        fhir(patient("pat-4711")),
        fhir(outcome("forbidden"), 403),
        fhir(outcome("transient"), 503),
        httpx.Response(404, content=b"<html/>"),
    ],
    ids=["there", "withheld", "down", "no FHIR"],
)
async def test_where_nothing_is_known_of_the_patient_the_refusal_speaks_for_itself(
    answer: httpx.Response,
) -> None:
    with pytest.raises(Refused, match="value is not allowed"):
        await client(refusing(422, "value", answer)).transact(BUNDLE)


async def test_a_wrong_address_is_never_taken_for_a_missing_patient() -> None:
    gone = fhir(outcome("not-found"), 404)
    with pytest.raises(Misconfigured):
        await client(refusing(403, "forbidden", gone)).transact(BUNDLE)
