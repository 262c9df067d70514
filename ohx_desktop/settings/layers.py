"""Settings in layers: who set which value.

Defaults, then the machine's file, then the profile's file, then OHX_* variables
(OHX_EHR__BASE_URL is ehr.base_url); on top, and locked, the policy file that IT deploys.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ohx_desktop.domain.errors import ConfigurationError
from ohx_desktop.settings.model import Settings
from ohx_desktop.settings.profile import Profile, machine_config_file, policy_file

_PREFIX = "OHX_"
# Variables with a meaning of their own, which are no settings.
_NOT_SETTINGS = frozenset({"OHX_PROFILE"})
# Settings that are lists, which a variable separates by commas.
_LISTS = frozenset({"languages", "set_clock", "clear_unread", "allow_unconfirmed"})


class Layer(StrEnum):
    """Where a value came from."""

    DEFAULT = "default"
    MACHINE = "machine"
    PROFILE = "profile"
    ENVIRONMENT = "environment"
    POLICY = "policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveValue:
    """One setting with its origin; `locked` values cannot be changed on this machine."""

    key: str
    value: Any
    source: Layer

    @property
    def locked(self) -> bool:
        """Tell whether IT's policy sets it."""
        return self.source is Layer.POLICY


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveSettings:
    """The settings in force, and where each came from."""

    settings: Settings
    values: tuple[EffectiveValue, ...]


def load_settings(
    profile: Profile, environment: Mapping[str, str] = os.environ
) -> EffectiveSettings:
    """Return the settings in force. Raises ConfigurationError, naming layer, key and reason."""
    layers = {
        Layer.MACHINE: _read(machine_config_file()),
        Layer.PROFILE: _read(profile.config_file),
        Layer.ENVIRONMENT: _from_environment(environment),
        Layer.POLICY: _read(policy_file()),
    }
    merged: dict[str, Any] = {}
    origins: dict[str, Layer] = {}
    for layer, content in layers.items():
        _merge(merged, content)
        origins.update({key: layer for key, _ in _leaves(content)})
    settings = validate(merged, origins)
    effective = _leaves(settings.model_dump(mode="json"))
    return EffectiveSettings(
        settings=settings,
        values=tuple(
            EffectiveValue(key=key, value=value, source=origins.get(key, Layer.DEFAULT))
            for key, value in effective
        ),
    )


def load_file(path: Path) -> Settings:
    """Check one settings file by itself. Raises ConfigurationError."""
    if not path.is_file():
        raise ConfigurationError(f"there is no settings file {path}")
    return validate(_read(path), {})


def validate(content: Mapping[str, Any], origins: Mapping[str, Layer]) -> Settings:
    """Return the model of `content`. Raises ConfigurationError with every wrong key."""
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        problems = []
        for problem in error.errors(include_input=False, include_url=False):
            key = ".".join(str(part) for part in problem["loc"]) or "settings"
            layer = f" (set by {origins[key]})" if key in origins else ""
            problems.append(f"{key}{layer}: {problem['msg'].removeprefix('Value error, ')}")
        raise ConfigurationError(f"settings are not valid: {'; '.join(problems)}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for name, value in environment.items():
        if not name.startswith(_PREFIX) or name in _NOT_SETTINGS:
            continue
        *sections, key = name.removeprefix(_PREFIX).lower().split("__")
        if not sections:
            continue  # OHX_DEBUG and the like: switches of tests and tools
        inner = content
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[key] = value.split(",") if key in _LISTS else value
    return content


def _merge(target: dict[str, Any], content: Mapping[str, Any]) -> None:
    for key, value in content.items():
        if isinstance(value, Mapping) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            target[key] = dict(value) if isinstance(value, Mapping) else value


def _leaves(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
