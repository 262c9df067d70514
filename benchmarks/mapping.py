"""Readings a second on one core: from confirmed to a FHIR R5 transaction, and on to its JSON."""

from collections.abc import Iterator
from itertools import islice
from uuid import uuid4

from rate import Rate, rate_of
from readings import readings

from ohx_desktop.desk.filing import SubmissionMaker
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.review.submission import Gateway

_READINGS = 200
_TARGET = 2000


def measure() -> Iterator[Rate]:
    """Yield mapping alone, and mapping with writing."""
    gateway = Gateway(installation=uuid4(), station="Benchmark", version="0.1.0")
    maker = SubmissionMaker(gateway=gateway, signed_in=lambda: "Practitioner/1")
    confirmed = [
        maker.submission(reading, patient="Patient/1") for reading in islice(readings(), _READINGS)
    ]
    ways = {
        "mapped to FHIR": maker.bundle,
        "mapped and written as JSON": lambda submission: encode(maker.bundle(submission)),
    }
    for name, way in ways.items():
        yield Rate(name=name, per_s=rate_of(way, confirmed), target=_TARGET, of=len(confirmed))
