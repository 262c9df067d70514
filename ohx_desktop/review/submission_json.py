"""The JSON form `ohx.submission/1` of a Submission: what the queue keeps until it is delivered."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from ohx_desktop.domain.reading_json import reading_from_json, reading_to_json
from ohx_desktop.review.circumstances import BodyPosition, BodySite, Circumstances, CuffSize
from ohx_desktop.review.submission import Gateway, Submission

SCHEMA = "ohx.submission/1"


def encode_submission(submission: Submission) -> bytes:
    """Return the UTF-8 JSON of a submission."""
    form: dict[str, Any] = {
        "schema": SCHEMA,
        "reading": reading_to_json(submission.reading),
        "patient": submission.patient,
        "performer": submission.performer,
        "verifier": submission.verifier,
        "encounter": submission.encounter,
        "based_on": submission.based_on,
        "confirmed_at": submission.confirmed_at.isoformat(),
        "gateway": {
            "installation": str(submission.gateway.installation),
            "station": submission.gateway.station,
            "version": submission.gateway.version,
        },
        "circumstances": asdict(submission.circumstances),
        "members": [reading_to_json(member) for member in submission.members],
    }
    return json.dumps(form, separators=(",", ":"), ensure_ascii=False).encode()


def decode_submission(content: bytes) -> Submission:
    """Return the submission of its JSON. Raises UsageError, KeyError or ValueError."""
    form = json.loads(content)
    if form["schema"] != SCHEMA:
        raise ValueError(f"not an {SCHEMA}")
    gateway = form["gateway"]
    return Submission(
        reading=reading_from_json(form["reading"]),
        patient=form["patient"],
        performer=form["performer"],
        verifier=form["verifier"],
        encounter=form["encounter"],
        based_on=form.get("based_on"),
        confirmed_at=datetime.fromisoformat(form["confirmed_at"]),
        gateway=Gateway(
            installation=UUID(gateway["installation"]),
            station=gateway["station"],
            version=gateway["version"],
        ),
        circumstances=_circumstances(form.get("circumstances", {})),
        members=tuple(reading_from_json(member) for member in form.get("members", [])),
    )


def _circumstances(form: dict[str, str | None]) -> Circumstances:
    position, site, cuff = (form.get(name) for name in ("position", "site", "cuff_size"))
    return Circumstances(
        position=BodyPosition(position) if position else None,
        site=BodySite(site) if site else None,
        cuff_size=CuffSize(cuff) if cuff else None,
        method=form.get("method"),
    )
