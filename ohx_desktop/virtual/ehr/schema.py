"""The shape of a resource, by the published JSON schema of R5 and what it forgets.

The schema finds unknown elements and wrong JSON types. Added here: a time needs seconds and an
offset (R5, Datatypes, dateTime), dates exist in the calendar, integers are whole, nothing is empty
(R5, JSON), and a choice element has one type.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no type information

from ohx_desktop.resource_files import resource
from ohx_desktop.virtual.ehr.fhir_json import Resource, loads
from ohx_desktop.virtual.ehr.outcome import Issue, IssueCode
from ohx_desktop.virtual.ehr.paths import CHOICE, Path, expression

TIME_WITH_OFFSET = re.compile(r"T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$")
TEMPORAL = frozenset({"date", "dateTime", "instant"})
WHOLE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?=T|$)")


def load_schema() -> dict[str, Any]:
    """Read the trimmed R5 schema. Raises FileNotFoundError in a broken installation."""
    content = loads(resource("fhir/r5.schema.json").read_bytes())
    definitions: dict[str, Any] = content["definitions"]
    return definitions


class SchemaChecker:
    """Checks a resource against the schema of its type. Building it costs some milliseconds."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        names = {
            definition["pattern"]: name
            for name, definition in definitions.items()
            if "pattern" in definition
        }
        # Types with one pattern share a name in messages: the plain one.
        names |= {definitions[name]["pattern"]: name for name in ("integer", "string", "uri")}
        self._names = names
        checker = jsonschema.validators.extend(
            jsonschema.Draft6Validator, {"pattern": _pattern_check(names)}
        )
        self._validators = {
            name: checker({"$ref": f"#/definitions/{name}", "definitions": definitions})
            for name, definition in definitions.items()
            if "resourceType" in definition.get("properties", {})
        }

    @property
    def types(self) -> frozenset[str]:
        """The resource types that the schema describes."""
        return frozenset(self._validators)

    def check(self, resource: Resource) -> Iterator[Issue]:
        """Yield each departure from the schema once."""
        type_ = resource["resourceType"]
        issues = (
            issue
            for error in self._validators[type_].iter_errors(resource)
            for issue in self._issues(type_, error)
        )
        yield from dict.fromkeys(issues)

    def _issues(self, type_: str, error: Any) -> Iterator[Issue]:
        path: Path = tuple(error.absolute_path)

        def issue(code: IssueCode, text: str, *more: str) -> Issue:
            return Issue(code=code, text=text, expression=expression(type_, (*path, *more)))

        match error.validator:
            case "additionalProperties":
                for name in error.instance.keys() - error.schema["properties"].keys():
                    yield issue(IssueCode.STRUCTURE, "Unknown element", name)
            case "required":
                for name in sorted(set(error.validator_value) - error.instance.keys()):
                    yield issue(IssueCode.REQUIRED, "Missing element", name)
            case "type":
                yield issue(IssueCode.STRUCTURE, f"Must be a JSON {error.validator_value}")
            case "pattern":
                name = self._names.get(error.validator_value, "value of its type")
                yield issue(IssueCode.VALUE, f"Not a valid {name}: {error.message}")
            case "enum" | "const":
                yield issue(IssueCode.CODE_INVALID, "Not one of the codes allowed here")
            case _:
                yield issue(IssueCode.STRUCTURE, "Does not follow the R5 JSON schema")


def check_form(resource: Resource) -> Iterator[Issue]:
    """Yield an issue for each empty part and for each choice element with two types."""
    yield from _check_form(resource["resourceType"], resource, ())


def _check_form(root: str, node: Any, path: Path) -> Iterator[Issue]:
    if isinstance(node, (dict, list, str)) and not node:
        yield Issue(
            code=IssueCode.STRUCTURE,
            text="Empty strings, lists and objects are not allowed",
            expression=expression(root, path),
        )
    if isinstance(node, list):
        for index, member in enumerate(node):
            yield from _check_form(root, member, (*path, index))
    elif isinstance(node, dict):
        chosen = [choice[1] for name in node if (choice := CHOICE.fullmatch(name))]
        for name in sorted({name for name in chosen if chosen.count(name) > 1}):
            yield Issue(
                code=IssueCode.STRUCTURE,
                text="A choice element has one type only",
                expression=expression(root, (*path, name)),
            )
        for name, member in node.items():
            yield from _check_form(root, member, (*path, name))


def _pattern_check(names: Mapping[str, str]) -> Any:
    """Return the check of the keyword "pattern", stricter than JSON schema where FHIR is."""

    def check(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
        name = names.get(pattern)
        problem = None
        if isinstance(instance, Decimal):
            if name != "decimal":
                problem = "it must be a whole number"
        elif isinstance(instance, str):
            if name in TEMPORAL:
                problem = _temporal_problem(instance)
            if problem is None and re.search(pattern, instance) is None:
                problem = "it has another form"
        if problem is not None:
            yield jsonschema.ValidationError(problem)

    return check


def _temporal_problem(text: str) -> str | None:
    if "T" in text and TIME_WITH_OFFSET.search(text) is None:
        return "a time needs seconds and a UTC offset"
    whole = WHOLE_DATE.match(text)
    if whole is not None:
        try:
            date.fromisoformat(whole[0])
        except ValueError:
            return "the calendar has no such day"
    return None
