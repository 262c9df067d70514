"""`config` and `secret`: settings with their origin, and secrets into the keyring."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode, UsageError


def add_commands(_add: Any, group: Any) -> None:
    """Add `config` and `secret`."""
    config = group("config", "show, describe and check the settings")
    config("show", _show, "print each setting in force and where its value came from")
    config("schema", _schema, "print the JSON Schema of the settings")
    validate = config("validate", _validate, "check a settings file")
    validate.add_argument("file", type=Path, metavar="FILE")
    secret = group("secret", "keep secrets in the system's keyring")
    for name, run, help_ in (
        ("set", _secret_set, "read a secret from stdin and keep it in the keyring"),
        ("delete", _secret_delete, "remove a secret from the keyring"),
    ):
        command = secret(name, run, help_)
        command.add_argument("name", metavar="NAME", help="such as ehr.token")


def _show(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.settings.layers import load_settings
    from ohx_desktop.settings.profile import Profile

    for value in load_settings(Profile.at(options.profile)).values:
        form = {
            "key": value.key,
            "value": value.value,
            "source": value.source.value,
            "locked": value.locked,
        }
        lock = ", locked" if value.locked else ""
        shown = "not set" if value.value is None else json.dumps(value.value)
        out.item(form, f"{value.key} = {shown}   ({value.source.value}{lock})")
    return ExitCode.DONE


def _schema(_options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.settings.model import Settings

    out.raw(json.dumps(Settings.model_json_schema(), indent=None if out.as_json else 2))
    return ExitCode.DONE


def _validate(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.settings.layers import load_file

    load_file(options.file)
    out.item({"file": str(options.file), "valid": True}, f"{options.file} is valid")
    return ExitCode.DONE


def _secret_set(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.keystore import set_secret
    from ohx_desktop.settings.profile import Profile

    # Only the line end goes: a secret may begin or end with spaces.
    value = sys.stdin.read().rstrip("\r\n")
    if not value:
        raise UsageError("stdin held no secret", hint="ohx-desktop secret set NAME < FILE")
    set_secret(Profile.at(options.profile).data, options.name, value)
    out.item({"secret": options.name, "set": True}, f"{options.name} is in the keyring")
    return ExitCode.DONE


def _secret_delete(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.keystore import delete_secret
    from ohx_desktop.settings.profile import Profile

    delete_secret(Profile.at(options.profile).data, options.name)
    out.item({"secret": options.name, "set": False}, f"{options.name} is no longer kept")
    return ExitCode.DONE
