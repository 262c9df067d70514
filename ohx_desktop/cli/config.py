"""`config` and `secret`: settings with their origin, and secrets into the keyring."""

import argparse
import json
import sys
from getpass import getpass
from pathlib import Path
from typing import Any

from ohx_desktop.audit.events import Event
from ohx_desktop.audit.record import content_name
from ohx_desktop.cli.audit_notes import tell_audit
from ohx_desktop.cli.input import STDIN, read_text
from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ConfigurationError, ExitCode, UsageError


def add_commands(_add: Any, group: Any) -> None:
    """Add `config` and `secret`."""
    config = group("config", "show, describe, check and import the settings")
    config("show", _show, "print each setting in force and where its value came from")
    config("schema", _schema, "print the JSON Schema of the settings")
    validate = config("validate", _validate, "check a settings file")
    import_ = config("import", _import, "check a settings file and make it this profile's own")
    for command in (validate, import_):
        command.add_argument("file", type=Path, metavar="FILE", help="settings in TOML")
    secret = group("secret", "keep secrets in the system's keyring")
    for name, run, help_ in (
        ("set", _secret_set, "read a secret from stdin and keep it in the keyring"),
        ("delete", _secret_delete, "remove a secret from the keyring"),
    ):
        command = secret(name, run, help_)
        command.add_argument("name", metavar="NAME", help="such as ehr.token or ehr.password")


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
        shown = "not set" if value.value is None else json.dumps(value.value, ensure_ascii=False)
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


def _import(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.settings.layers import load_file
    from ohx_desktop.settings.placing import put_in_place
    from ohx_desktop.settings.profile import Profile

    load_file(options.file)
    profile = Profile.at(options.profile)
    target = profile.config_file
    try:
        profile.create()
        content = options.file.read_bytes()
        kept = put_in_place(content, target)
    except OSError as error:
        raise ConfigurationError(
            f"the settings cannot be put in place ({error.strerror})",
            meaning="the settings stay as they were",
            hint="mend the permissions of the profile's folder, or free disk space",
        ) from error
    tell_audit(options.profile, Event.SETTINGS_IMPORTED, content_name(content), out)
    out.note(f"the settings before are kept in {kept}" if kept else "there were no settings before")
    out.item(
        {"file": str(target), "imported": True},
        f"{target} is in force from the next start on",
    )
    return ExitCode.DONE


def _secret_set(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.keystore import set_secret
    from ohx_desktop.settings.profile import Profile

    value = getpass(f"{options.name}: ") if sys.stdin.isatty() else read_text(STDIN)
    # Only the line end goes: a secret may begin or end with spaces.
    value = value.rstrip("\r\n")
    if not value:
        raise UsageError("stdin held no secret", hint="ohx-desktop secret set NAME < FILE")
    set_secret(Profile.at(options.profile).data, options.name, value)
    tell_audit(options.profile, Event.SECRET_SET, options.name, out)
    out.item({"secret": options.name, "set": True}, f"{options.name} is in the keyring")
    return ExitCode.DONE


def _secret_delete(options: argparse.Namespace, out: Output) -> int:
    from ohx_desktop.keystore import delete_secret
    from ohx_desktop.settings.profile import Profile

    delete_secret(Profile.at(options.profile).data, options.name)
    tell_audit(options.profile, Event.SECRET_DELETED, options.name, out)
    out.item({"secret": options.name, "set": False}, f"{options.name} is no longer kept")
    return ExitCode.DONE
