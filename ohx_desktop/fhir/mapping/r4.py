"""The R4 form of a transaction: what is queued is R5, and this is made of it for an R4 server.

Device and Provenance differ in a few elements, and nothing else of them is sent. Observations are
the same but for components in words. The result depends on the Bundle alone, so every retry is the
same.

Source: FHIR R4 (4.0.1) and R5 (5.0.0) Device, Provenance and vital-signs profile; the HL7 Personal
Health Device guide, which puts what a device can measure into `specialization`.
"""

from collections.abc import Callable, Mapping

from ohx_desktop.fhir.encoding import Json

_GENERIC_SYSTEM = "65573"
"""MDC_MOC_VMS_MDS_SIMP: R4 has one type, and this one says that the others specialize it."""


def as_r4(bundle: Json) -> Json:
    """Return the R4 form of a transaction Bundle that `transaction_bundle` made."""
    return {**bundle, "entry": [_entry(entry) for entry in bundle["entry"]]}


def _entry(entry: Json) -> Json:
    resource = entry["resource"]
    render = _RENDERINGS.get(resource["resourceType"])
    return entry if render is None else {**entry, "resource": render(resource)}


def _device(device: Json) -> Json:
    rendered: Json = {}
    for name, value in device.items():
        match name:
            case "displayName":
                rendered["deviceName"] = [{"name": value, "type": "user-friendly-name"}]
            case "type":
                rendered |= _type_and_specialization(value)
            case _:
                rendered[name] = value
    return rendered


def _type_and_specialization(types: list[Json]) -> Json:
    """Split R5's list: R4 has one type, and `specialization` for what a generic device can do."""
    first, *others = sorted(types, key=lambda kind: kind["coding"][0]["code"] != _GENERIC_SYSTEM)
    specialization = [{"systemType": kind} for kind in others]
    return {"type": first} | ({"specialization": specialization} if specialization else {})


def _observation(observation: Json) -> Json:
    """Say in a note what R5 has as a component in words, such as the size of the cuff.

    The vital-signs profile of R4 demands a unit of UCUM of every component value, a text included.
    """
    told = [part for part in observation.get("component", []) if "valueString" in part]
    if not told:
        return observation
    said = (f"{part['code']['coding'][0]['display']}: {part['valueString']}." for part in told)
    return {
        **observation,
        "note": [*observation.get("note", []), {"text": " ".join(said)}],
        "component": [part for part in observation["component"] if part not in told],
    }


def _provenance(provenance: Json) -> Json:
    """Leave out what R4 does not know; the targets still name patient and encounter.

    Why something was done is a `reason` there.
    """
    rendered = {name: value for name, value in provenance.items() if name not in _NEW_IN_R5}
    reasons = rendered.pop("authorization", [])
    return rendered | ({"reason": [each["concept"] for each in reasons]} if reasons else {})


_NEW_IN_R5 = frozenset({"patient", "encounter"})

_RENDERINGS: Mapping[str, Callable[[Json], Json]] = {
    "Device": _device,
    "Observation": _observation,
    "Provenance": _provenance,
}
