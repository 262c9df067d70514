"""The page at / : what the sandbox EHR holds, for people who watch a demo."""

from collections.abc import Sequence
from html import escape

from ohx_desktop.virtual.ehr.fhir_json import Resource, elements
from ohx_desktop.virtual.ehr.store import Store, Version

SHOWN_OBSERVATIONS = 50
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem;color:#1b1f24;background:#fff}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{text-align:start;padding:.25rem 1rem "
    ".25rem 0;border-bottom:1px solid #d5d9de}"
)


def overview_page(store: Store, base_url: str) -> str:
    """Return a self-contained HTML page: how much of each type, and the newest Observations."""
    newest = list(store.versions("Observation"))[::-1][:SHOWN_OBSERVATIONS]
    counts = [(type_, str(store.count(type_))) for type_ in store.types()]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Sandbox EHR</title><style>{STYLE}</style></head><body>"
        "<h1>Sandbox EHR</h1>"
        f"<p>FHIR R5 at {escape(base_url)}. The patients are invented; nothing is kept.</p>"
        f"{_table(('Type', 'Stored'), counts)}<h2>Newest observations</h2>"
        + _table(
            ("Time", "Patient", "What", "Value"),
            [_observation_row(store, version) for version in newest],
        )
        + "</body></html>"
    )


def _observation_row(store: Store, version: Version) -> tuple[str, ...]:
    observation = version.resource
    reference = str(observation.get("subject", {}).get("reference", ""))
    patient = store.read("Patient", reference.removeprefix("Patient/"))
    parts = [observation, *observation.get("component", [])]
    quantities = [part["valueQuantity"] for part in parts if "valueQuantity" in part]
    return (
        str(observation.get("effectiveDateTime", "")),
        _name(patient.resource) if patient else reference,
        str(observation.get("code", {}).get("text", version.reference)),
        ", ".join(f"{item.get('value')} {item.get('unit', '')}" for item in quantities),
    )


def _name(patient: Resource) -> str:
    parts = [*elements(patient, "name.given"), *elements(patient, "name.family")]
    return " ".join(str(part) for part in parts)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    heading = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    # dir=auto: a name may be written from right to left.
    body = "".join(
        "<tr>" + "".join(f'<td dir="auto">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table>"
