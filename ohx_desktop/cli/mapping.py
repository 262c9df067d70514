"""`mapping`: what the clinic has changed of codes, categories, units and what is sent."""

import argparse
import json
from pathlib import Path
from typing import Any

from ohx_desktop.audit.events import Event
from ohx_desktop.audit.record import content_name
from ohx_desktop.cli.audit_notes import tell_audit
from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode


def add_commands(_add: Any, group: Any) -> None:
    """Add `mapping`."""
    mapping = group("mapping", "the clinic's own codes, categories, units, and what is sent")
    mapping("schema", _schema, "print the JSON Schema of the mapping file")
    validate = mapping("validate", _validate, "check a mapping file; `map --mapping` previews it")
    import_ = mapping("import", _import, "check a mapping file and put it in force")
    for command in (validate, import_):
        command.add_argument("file", type=Path, metavar="FILE", help="a mapping in TOML")


def _schema(_options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.fhir.mapping_model import MappingModel

    out.raw(json.dumps(MappingModel.model_json_schema(), indent=None if out.as_json else 2))
    return ExitCode.DONE


def _validate(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.fhir.mapping_file import read_rules

    read_rules(options.file)
    out.item({"file": str(options.file), "valid": True}, f"{options.file} is valid")
    return ExitCode.DONE


def _import(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.desk.clinic_mapping import put_in_force
    from ohx_desktop.fhir.mapping_file import read_content
    from ohx_desktop.settings.profile import Profile

    content = read_content(options.file)
    profile = Profile.at(options.profile)
    kept = put_in_force(content, options.file.name, profile)
    tell_audit(options.profile, Event.MAPPING_IMPORTED, content_name(content), out)
    out.note(f"the mapping before is kept in {kept}" if kept else "the built-in mapping was used")
    out.item(
        {"file": str(profile.mapping_file), "imported": True},
        f"{profile.mapping_file} is in force for what is confirmed after the next start",
    )
    return ExitCode.DONE
