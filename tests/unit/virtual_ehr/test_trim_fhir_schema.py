import json
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "resources" / "fhir" / "r5.schema.json"
trimming = runpy.run_path(str(ROOT / "packaging" / "trim_fhir_schema.py"))


def test_trimming_the_trimmed_schema_changes_nothing() -> None:
    text = SCHEMA.read_text(encoding="utf-8")
    assert trimming["render"](json.loads(text)) == text


def test_every_reference_in_the_schema_leads_somewhere() -> None:
    definitions = json.loads(SCHEMA.read_text(encoding="utf-8"))["definitions"]
    assert set(trimming["references"](definitions)) <= definitions.keys()


def test_texts_go_and_an_element_called_description_stays() -> None:
    full = {
        "properties": {"description": {"description": "words", "type": "string"}},
        "description": "words",
    }
    assert trimming["without_descriptions"](full) == {
        "properties": {"description": {"type": "string"}}
    }
