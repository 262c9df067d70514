"""Every way of storing a reading, against HAPI; and what becomes of it when stations race.

We promise one sender for each station, which sends one reading after the other. Two stations that
confirm the same reading in the same moment are more than that promise.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

import pytest
from everything_sent import a_reading, submitted
from hapi_line import hapi_line

from ohx_desktop.domain.errors import OhxError, Refused, Transient
from ohx_desktop.fhir.capability import Capabilities, Version
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.mapping import transaction_bundle
from ohx_desktop.fhir.plan import Way
from ohx_desktop.fhir.transaction import TransactionOutcome

pytestmark = [pytest.mark.hapi, pytest.mark.timeout(1200)]

SENDS = 8
_numbers = count(1)
_ANSWERS = {  # what a server says that leads to each way
    Way.TRANSACTION: (True, True),
    Way.CONDITIONAL_CREATE: (False, True),
    Way.SEARCH_THEN_CREATE: (False, False),
}
WAYS = pytest.mark.parametrize("way", Way)


def _bundle() -> bytes:
    """Return a reading that no other test sends."""
    reading = replace(a_reading(), sequence=next(_numbers))
    return encode(transaction_bundle(submitted(reading)))


@asynccontextmanager
async def _station(
    base: str, version: Version, way: Way, *, update_create: bool = True
) -> AsyncIterator[EhrClient]:
    """Yield a client to which the server seems to be one that leads to this way."""
    async with hapi_line(base, version) as ehr:
        transaction, conditional_create = _ANSWERS[way]
        told = replace(
            await ehr.capabilities(),
            transaction=transaction,
            conditional_create=conditional_create,
            update_create=update_create,
        )

        async def capabilities() -> Capabilities:
            return told

        ehr.capabilities = capabilities  # type: ignore[method-assign] # the server can do more
        yield ehr


async def _copies(ehr: EhrClient, bundle: bytes) -> Counter[str]:
    found: Counter[str] = Counter()
    for entry in decode(bundle)["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Observation":
            name = resource["identifier"][0]
            criteria = {"identifier": f"{name['system']}|{name['value']}"}
            found[resource["code"]["text"]] += len(await ehr.matching("Observation", criteria))
    return found


@WAYS
@pytest.mark.parametrize("update_create", [True, False], ids=["put", "no-put"])
async def test_a_reading_goes_in_once_by_every_way_and_reads_back(
    base: str, version: Version, way: Way, *, update_create: bool
) -> None:
    bundle = _bundle()
    async with _station(base, version, way, update_create=update_create) as ehr:
        first = await ehr.transact(bundle)
        again = await ehr.transact(bundle)
        assert (first.created, again.created) == (True, False)
        assert [e.reference for e in first.entries] == [e.reference for e in again.entries]
        assert await ehr.read_back(bundle, first) == ()
        assert set((await _copies(ehr, bundle)).values()) == {1}


@WAYS
async def test_what_one_station_sent_by_any_way_another_finds(
    base: str, version: Version, way: Way
) -> None:
    bundle = _bundle()
    async with (
        _station(base, version, way) as one,
        _station(base, version, Way.TRANSACTION) as other,
    ):
        first = await one.transact(bundle)
        second = await other.transact(bundle)
        assert second.main_reference == first.main_reference
        assert set((await _copies(one, bundle)).values()) == {1}


async def _raced(
    base: str, version: Version, way: Way, bundle: bytes
) -> list[TransactionOutcome | BaseException]:
    """Send one reading from two stations many times at once."""
    async with _station(base, version, way) as one, _station(base, version, way) as other:
        sends = (station.transact(bundle) for _ in range(SENDS // 2) for station in (one, other))
        return await asyncio.gather(*sends, return_exceptions=True)


@pytest.mark.parametrize("way", [Way.TRANSACTION, Way.CONDITIONAL_CREATE])
async def test_stations_that_race_store_one_reading_and_the_losers_find_it(
    base: str, version: Version, way: Way
) -> None:
    bundle = _bundle()
    answers = await _raced(base, version, way, bundle)
    # HAPI keeps each condition in a table of its own: who comes second at once gets a 409, which is
    # tried again.
    lost = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(each, Transient) and each.status == 409 for each in lost), lost
    assert len(lost) < SENDS
    async with _station(base, version, way) as ehr:
        assert not (await ehr.transact(bundle)).created
        assert await _copies(ehr, bundle) == {"Blood pressure": 1, "Pulse rate": 1}


async def test_copies_of_stations_that_race_without_conditions_do_not_stay_unseen(
    base: str, version: Version
) -> None:
    bundle = _bundle()
    answers = await _raced(base, version, Way.SEARCH_THEN_CREATE, bundle)
    async with _station(base, version, Way.SEARCH_THEN_CREATE) as ehr:
        copies = await _copies(ehr, bundle)
    failed = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(each, OhxError) for each in failed), failed
    told = any(isinstance(each, Refused) and "more than once" in each.what for each in failed)
    assert told or set(copies.values()) == {1}, copies
