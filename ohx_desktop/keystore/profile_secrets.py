"""The program's other secrets (of the EHR, of devices, PINs of staff): in the keyring. Blocking."""

from pathlib import Path

from ohx_desktop.keystore.system_keyring import SystemKeyring


def set_secret(profile: Path, name: str, value: str) -> None:
    """Keep a secret of this profile in the keyring, replacing an older one."""
    SystemKeyring(profile).set(f"secret:{name}", value)


def get_secret(profile: Path, name: str) -> str | None:
    """Return a secret of this profile; None when there is none of this name."""
    return SystemKeyring(profile).get(f"secret:{name}")


def delete_secret(profile: Path, name: str) -> None:
    """Remove a secret of this profile; no error when there is none."""
    SystemKeyring(profile).delete(f"secret:{name}")
