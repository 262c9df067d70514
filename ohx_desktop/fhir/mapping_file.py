"""The clinic's mapping file: read, checked whole, and kept as the last good one.

A file that is broken changes nothing: the last good rules stay in force, and the reason is told
with its line. Blocking.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ohx_desktop.domain.errors import ConfigurationError, OhxError
from ohx_desktop.fhir.mapping.rules import BUILT_IN, MappingRules
from ohx_desktop.fhir.mapping_model import MappingModel
from ohx_desktop.storage.durable import write_durably

_TABLE = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*\"?([A-Za-z0-9_-]+)\"?\s*(?:\.|=)")


class BrokenMapping(ConfigurationError):  # noqa: N818 - reads as what happened
    """A mapping file is not valid. `faults` says each with its line, where that is known."""

    hint = "correct the file; its form is told by: ohx-desktop mapping schema"

    def __init__(self, name: str, faults: Sequence[str], *, wrong: str = "not valid") -> None:
        super().__init__(f"{name} is {wrong}: {'; '.join(faults)}")
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRules:
    """The rules in force, and why the file as it is now is not."""

    rules: MappingRules
    problem: OhxError | None = None


def read_content(path: Path) -> bytes:
    """Return what stands in a mapping file, unchecked. Raises ConfigurationError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror})") from error


def rules_in(content: bytes, name: str) -> MappingRules:
    """Return the rules that the file `name` holds. Raises BrokenMapping."""
    try:
        return _checked(content.decode("utf-8"), name)
    except UnicodeDecodeError:
        raise BrokenMapping(name, ["the text is not UTF-8"], wrong="not UTF-8 text") from None


def read_rules(path: Path) -> MappingRules:
    """Return the rules of one file. Raises ConfigurationError: line and reason of each fault."""
    return rules_in(read_content(path), path.name)


def load_rules(path: Path, last_good: Path) -> LoadedRules:
    """Return the rules of the clinic's file, or of its last good state where it is broken now.

    Without a file the built-in mapping is in force. A good file is kept at `last_good`.
    """
    if not path.exists():
        return LoadedRules(rules=BUILT_IN)
    try:
        rules = read_rules(path)
    except ConfigurationError as problem:
        problem.meaning = "readings are still sent by the last mapping that was right"
        return LoadedRules(rules=_last_good(last_good), problem=problem)
    return LoadedRules(rules=rules, problem=_kept(path, last_good))


def _last_good(path: Path) -> MappingRules:
    try:
        return read_rules(path)
    except ConfigurationError:
        return BUILT_IN


def _kept(path: Path, last_good: Path) -> OhxError | None:
    content = path.read_bytes()
    try:
        if not last_good.exists() or last_good.read_bytes() != content:
            write_durably(last_good, content)
    except OSError as error:
        return ConfigurationError(
            f"the mapping cannot be kept as the last good one ({error.strerror})",
            meaning="readings are sent by it all the same",
            hint="free disk space or mend the folder's permissions",
        )
    return None


def _checked(text: str, name: str) -> MappingRules:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BrokenMapping(name, [str(error)], wrong="not valid TOML") from None
    try:
        model = MappingModel.model_validate(content)
    except ValidationError as error:
        problems = [
            (problem["loc"], problem["msg"].removeprefix("Value error, "))
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise _refused(name, text, problems) from None
    misfits = []
    for kind, quantity in model.quantities.items():
        try:
            quantity.check(kind)
        except ValueError as error:
            misfits.append((("quantities", kind.value), str(error)))
    if misfits:
        raise _refused(name, text, misfits)
    return model.rules()


def _refused(name: str, text: str, problems: Sequence[tuple[Sequence[Any], str]]) -> BrokenMapping:
    told = []
    for where, why in problems:
        path = [str(part) for part in where if part != "[key]"]
        line = line_of(text, path)
        at = f"line {line}, " if line else ""
        told.append(f"{at}{'.'.join(path)}: {why}")
    return BrokenMapping(name, told)


def line_of(text: str, path: Sequence[str]) -> int | None:
    """Return the line (from 1) of the deepest part of `path` that stands in a TOML text."""
    best: tuple[int, int] | None = None
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        header = _TABLE.match(line)
        key = None if header else _KEY.match(line)
        if header:
            table = [part.strip().strip('"') for part in header[1].split(".")]
        here = [*table, *([key[1]] if key else [])]
        depth = len(here) if here == list(path[: len(here)]) else 0
        if (header or key) and depth and (best is None or depth > best[0]):
            best = (depth, number)
    return best[1] if best else None
