"""A submission as one FHIR R5 transaction: all of it is stored, once, or nothing is.

Source: FHIR R5 http, transaction and conditional create.
"""

from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.reading import Reading
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping.device import (
    device_of,
    display_name,
    gateway_by_name,
    gateway_device,
)
from ohx_desktop.fhir.mapping.identity import condition, placeholder
from ohx_desktop.fhir.mapping.observation import Devices, observations
from ohx_desktop.fhir.mapping.provenance import filed, provenance
from ohx_desktop.fhir.mapping.rules import BUILT_IN, MappingRules
from ohx_desktop.review.submission import Submission


def transaction_bundle(submission: Submission, rules: MappingRules = BUILT_IN) -> Json:
    """Return the transaction Bundle of a submission: Devices, Observations, Provenance.

    Values are Decimals, to be written by `encoding.encode`. The same submission always gives the
    same Bundle. Whatever is referred to comes first, so members of a mean come before it. Raises
    ConfigurationError where the rules leave nothing to send.
    """
    gateway = gateway_device(submission.gateway)
    readings = (*submission.members, submission.reading)
    measuring = [device_of(reading) for reading in readings]
    measured = [
        resource
        for reading, device in zip(readings, measuring, strict=True)
        for resource in observations(
            submission, reading, _devices(reading, device, gateway, rules), rules
        )
    ]
    record = provenance(
        filed(submission),
        identifiers=[resource["identifier"][0] for resource in measured],
        targets=[_reference(resource) for resource in measured],
        gateway=_gateway(gateway, rules),
    )
    devices = [*(device for device in measuring if device), gateway] if rules.send_devices else []
    created = [*devices, *measured]
    entries = {entry["fullUrl"]: entry for entry in map(conditional_create, created)}
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            *entries.values(),
            *([update_as_create(record)] if rules.send_provenance else []),
        ],
    }


def _devices(reading: Reading, device: Json | None, gateway: Json, rules: MappingRules) -> Devices:
    known = device if rules.send_devices else None
    return Devices(
        measuring=_reference(known) if known else _named(reading.device),
        gateway=_gateway(gateway, rules),
    )


def _gateway(gateway: Json, rules: MappingRules) -> Json:
    if rules.send_devices:
        return _reference(gateway)
    return gateway_by_name(gateway)


def _reference(resource: Json) -> Json:
    return {"reference": placeholder(resource["identifier"][0])}


def _named(device: DeviceIdentity | None) -> Json | None:
    """Name a device that cannot be told from others of its model, instead of creating it."""
    name = display_name(device) if device else None
    return {"display": name} if name else None


def conditional_create(resource: Json) -> Json:
    """Return the entry that creates a resource unless one has its first identifier."""
    identifier, kind = resource["identifier"][0], resource["resourceType"]
    return {
        "fullUrl": placeholder(identifier),
        "resource": resource,
        "request": {"method": "POST", "url": kind, "ifNoneExist": condition(identifier)},
    }


def update_as_create(resource: Json) -> Json:
    """Return the entry that writes a resource under the id it has."""
    return {
        "fullUrl": f"urn:uuid:{resource['id']}",
        "resource": resource,
        "request": {"method": "PUT", "url": f"Provenance/{resource['id']}"},
    }
