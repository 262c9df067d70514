"""Rows of the file of links as values. Pure."""

import json
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.links import Consent, HeldTokens, Link, Pair, Receipt, Revocation
from ohx_desktop.cloud.providers import Provider

Row = tuple[Any, ...]


def milliseconds(moment: datetime) -> int:
    """Return a moment as the file has it."""
    return round(moment.timestamp() * 1000)


def time_of(number: int) -> datetime:
    """Return a moment of the file."""
    return datetime.fromtimestamp(number / 1000, UTC)


def link_of(row: Row) -> Link:
    """Return the link of a row of `link_schema.LINK`."""
    number, provider, account, patient, at, by, text, scopes, state, since, code, paused_by = row[
        :12
    ]
    data_at, sync_at, marks = row[12:]
    return Link(
        id=UUID(number),
        provider=Provider(provider),
        account=account,
        patient=patient,
        consent=Consent(at=time_of(at), by=by, text=text, scopes=frozenset(json.loads(scopes))),
        state=LinkState(state),
        state_since=time_of(since),
        code=code,
        paused_by=paused_by,
        last_data_at=_time_or_none(data_at),
        last_sync_at=_time_or_none(sync_at),
        marks=MappingProxyType(
            {stream: time_of(mark) for stream, mark in json.loads(marks).items()}
        ),
    )


def tokens_of(row: Row) -> HeldTokens:
    """Return the tokens of a row of `link_schema.TOKENS`."""
    access, refresh, obtained_at, expires_at, generation, before, asked_at = row
    return HeldTokens(
        pair=Pair(
            access=access,
            refresh=refresh,
            obtained_at=time_of(obtained_at),
            expires_at=time_of(expires_at),
        ),
        generation=generation,
        before=before,
        asked_at=_time_or_none(asked_at),
    )


def receipt_of(row: Row) -> Receipt:
    """Return the receipt of a row of `link_schema.RECEIPT`."""
    number, provider, linked_at, linked_by, ended_at, ended_by = row
    return Receipt(
        link_id=UUID(number),
        provider=Provider(provider),
        linked_at=time_of(linked_at),
        linked_by=linked_by,
        ended_at=time_of(ended_at),
        ended_by=ended_by,
    )


def revocation_of(row: Row) -> Revocation:
    """Return the revocation of a row of `link_schema.REVOCATIONS`."""
    number, provider, account, token, asked_at, attempts, code = row
    return Revocation(
        link_id=UUID(number),
        provider=Provider(provider),
        account=account,
        token=token,
        asked_at=time_of(asked_at),
        attempts=attempts,
        code=code,
    )


def _time_or_none(number: int | None) -> datetime | None:
    return None if number is None else time_of(number)
