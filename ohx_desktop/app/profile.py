"""The profile: its folders and settings, and what is said where no EHR is set."""

from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.domain.errors import ConfigurationError, StoreEnvironment

if TYPE_CHECKING:
    from ohx_desktop.settings.model import Settings
    from ohx_desktop.settings.profile import Profile


def opened_profile(directory: Path | None) -> "Profile":
    """Return the profile in a folder, made if need be. Raises StoreEnvironment."""
    from ohx_desktop.settings.profile import Profile

    profile = Profile.at(directory)
    create_profile(profile)
    return profile


def create_profile(profile: "Profile") -> None:
    """Make the folders of a profile. Raises StoreEnvironment."""
    try:
        profile.create()
    except OSError as error:
        raise no_profile(error) from error


def settings_of(profile: "Profile") -> "Settings":
    """Return the settings in force. Blocking. Raises ConfigurationError."""
    from ohx_desktop.settings.layers import load_settings

    return load_settings(profile).settings


def no_profile(error: OSError) -> StoreEnvironment:
    """Return what is said where the folder of the profile cannot be made or written."""
    return StoreEnvironment(
        f"the folder of the profile cannot be written ({error.strerror})",
        hint="free disk space, mend its permissions, or choose another folder with --profile",
    )


def no_ehr() -> ConfigurationError:
    """Return what is said where no EHR is set up."""
    return ConfigurationError(
        "no EHR is set up on this workstation",
        hint="set ehr.base_url in config.toml to the FHIR address of the EHR",
    )
