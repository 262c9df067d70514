"""Visits, orders and appointments as an R4 server has them: what is stored is R5. Pure.

Source: FHIR R4 (4.0.1) and R5 (5.0.0) Encounter, ServiceRequest, Appointment.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ohx_desktop.virtual.ehr.fhir_json import Resource

_IS_REQUIRED = {True: "required", False: "optional"}


def as_r4(resource: Resource) -> Resource:
    """Return the R4 form of a resource; of another type, or where it is R4 already, itself."""
    render = _FORMS.get(resource["resourceType"])
    return resource if render is None else render(resource)


def bundle_as_r4(bundle: Resource) -> Resource:
    """Return a searchset with the R4 form of every resource in it."""
    if "entry" not in bundle:
        return bundle
    entries = [{**entry, "resource": as_r4(entry["resource"])} for entry in bundle["entry"]]
    return {**bundle, "entry": entries}


def _encounter(encounter: Resource) -> Resource:
    form: Resource = {}
    for name, value in encounter.items():
        match name:
            case "class" if isinstance(value, list):
                form["class"] = value[0]["coding"][0]
            case "actualPeriod":
                form["period"] = value
            case "serviceType" if isinstance(value, list):
                form["serviceType"] = value[0]["concept"]
            case "participant":
                form[name] = [_renamed(member, "actor", "individual") for member in value]
            case _:
                form[name] = value
    return form


def _service_request(request: Resource) -> Resource:
    code = request.get("code", {})
    return {**request, "code": code["concept"]} if "concept" in code else request


def _appointment(appointment: Resource) -> Resource:
    """R4 has no subject: the patient is among those who take part."""
    form = {name: value for name, value in appointment.items() if name != "subject"}
    form["participant"] = [_participant(member) for member in appointment.get("participant", [])]
    return form


def _participant(member: Resource) -> Resource:
    required = member.get("required")
    return {**member, "required": _IS_REQUIRED[required]} if isinstance(required, bool) else member


def _renamed(element: Resource, old: str, new: str) -> dict[str, Any]:
    return {new if name == old else name: value for name, value in element.items()}


_FORMS: Mapping[str, Callable[[Resource], Resource]] = {
    "Appointment": _appointment,
    "Encounter": _encounter,
    "ServiceRequest": _service_request,
}
