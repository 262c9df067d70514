"""Change a few values of one section in a settings file; all else stays as a person wrote it.

The result is proved by reading it: a form that this simple editing does not master is refused.
"""

import re
import tomllib
from collections.abc import Mapping

from ohx_desktop.domain.errors import ConfigurationError


def with_values(text: str, section: str, values: Mapping[str, str | None]) -> str:
    """Return the text with these values in `[section]`; None takes a key out.

    Raises ConfigurationError where only a person can change it.
    """
    before = tomllib.loads(text)
    changed = {key: value for key, value in values.items() if value is not None}
    kept = {key: value for key, value in before.get(section, {}).items() if key not in values}
    expected = {**before, section: {**kept, **changed}}
    edited = _edited(text.splitlines(), section, values)
    try:
        is_right = tomllib.loads(edited) == expected
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:
        raise ConfigurationError(
            f"the section [{section}] is written in a way that this program does not change",
            meaning="the settings stay as they were",
            hint=f"write it as a [{section}] with a line for each setting, then try again",
        )
    return edited


def _edited(lines: list[str], section: str, values: Mapping[str, str | None]) -> str:
    header = re.compile(rf"\s*\[\s*{re.escape(section)}\s*\]\s*(#.*)?")
    key = re.compile(rf"\s*({'|'.join(map(re.escape, values))})\s*=")
    new = [f"{name} = {_quoted(value)}" for name, value in values.items() if value is not None]
    result: list[str] = []
    is_inside = is_written = False
    for line in lines:
        if line.lstrip().startswith("["):
            is_inside = header.fullmatch(line) is not None
        if is_inside and key.match(line):
            continue
        result.append(line)
        if is_inside and not is_written:
            result += new
            is_written = True
    if not is_written:
        result += [*([""] if result else []), f"[{section}]", *new]
    return "\n".join(result) + "\n"


def _quoted(value: str) -> str:
    """Return a basic string of TOML."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
