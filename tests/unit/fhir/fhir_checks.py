"""Three independent judges of what is sent: a strict parser, the JSON schema, the profiles."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from fhir.resources.bundle import Bundle

DEFINITIONS = Path(__file__).parents[2] / "fhir_definitions"
Json = dict[str, Any]


def check_bundle(payload: bytes) -> None:
    """Fail unless all three judges accept an encoded transaction Bundle."""
    bundle = json.loads(payload)
    Bundle.model_validate_json(payload)
    _schema().validate(bundle)
    for entry in bundle["entry"]:
        resource = entry["resource"]
        for profile in resource.get("meta", {}).get("profile", []):
            problems = profile_problems(resource, profile.rsplit("/", 1)[1])
            assert not problems, problems


def empty_places(value: Any, path: str = "") -> list[str]:
    """Return where a null or an empty string, list or object stands; FHIR allows none."""
    if value is None or value in ("", [], {}):
        return [path]
    members = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else ()
    return [
        place
        for key, member in [*members, *items]
        for place in empty_places(member, f"{path}/{key}")
    ]


def profile_problems(resource: Json, profile: str) -> list[str]:
    """Return how a resource breaks cardinalities, slices and fixed values of a profile."""
    return _problems(_profile(profile), [resource], "Observation")


@cache
def _schema() -> jsonschema.Draft6Validator:
    return jsonschema.Draft6Validator(json.loads((DEFINITIONS / "bundle.schema.json").read_text()))


@cache
def _profile(name: str) -> Json:
    """Return the snapshot as a tree: rules of an element, its children and its slices."""
    definition = json.loads((DEFINITIONS / f"{name}.json").read_text())
    root: Json = {"rule": {}, "children": {}, "slices": {}}
    for rule in definition["snapshot"]["element"]:
        node = root
        for step in rule["id"].split(".")[1:]:
            element, _, slice_name = step.partition(":")
            node = _child(node["children"], element)
            if slice_name:
                node = _child(node["slices"], slice_name)
        node["rule"] = rule
    return root


def _child(children: Json, name: str) -> Json:
    child: Json = children.setdefault(name, {"rule": {}, "children": {}, "slices": {}})
    return child


def _problems(node: Json, values: list[Any], path: str) -> list[str]:
    rule = node["rule"]
    problems = []
    most = rule.get("max", "*")
    if len(values) < rule.get("min", 0) or (most != "*" and len(values) > int(most)):
        problems.append(f"{path}: {len(values)} of {rule.get('min')}..{most}")
    fixed = _fixed(node)
    problems += [f"{path}: not {fixed}" for value in values if fixed is not None and fixed != value]
    for name, child in node["children"].items():
        for value in values:
            problems += _problems(child, _members(value, name), f"{path}.{name}")
    for name, part in node["slices"].items():
        problems += _problems(part, _belonging(part, rule, name, values), f"{path}:{name}")
    return problems


def _members(value: Any, name: str) -> list[Any]:
    if not isinstance(value, dict):
        return []
    if name.endswith("[x]"):
        stem = name.removesuffix("[x]")
        # A choice is kept with its name, because that tells the slice by type.
        return [{key: member} for key, member in value.items() if key.startswith(stem)]
    member = value.get(name, [])
    return member if isinstance(member, list) else [member]


def _belonging(part: Json, rule: Json, name: str, values: list[Any]) -> list[Any]:
    """Return those of the values that a slice is about."""
    discriminators = rule["slicing"]["discriminator"]
    if any(discriminator["type"] == "type" for discriminator in discriminators):
        return [value[name] for value in values if name in value]
    paths = [discriminator["path"].split(".") for discriminator in discriminators]
    return [
        v for v in values if all(_fixed_at(part, path) <= _values_at(v, path) for path in paths)
    ]


def _fixed(node: Json) -> Any:
    return next((value for key, value in node["rule"].items() if key.startswith("fixed")), None)


def _fixed_at(node: Json, path: list[str]) -> set[Any]:
    if not path:
        own = {_fixed(node)} - {None}
        return own.union(*(_fixed_at(part, path) for part in node["slices"].values()))
    found: set[Any] = set()
    for part in [node, *node["slices"].values()]:
        if path[0] in part["children"]:
            found |= _fixed_at(part["children"][path[0]], path[1:])
    return found


def _values_at(value: Any, path: list[str]) -> set[Any]:
    if not path:
        return {value}
    return set().union(*(_values_at(member, path[1:]) for member in _members(value, path[0])))
