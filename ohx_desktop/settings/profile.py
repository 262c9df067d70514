"""Where a profile keeps its files. Making folders is the only I/O here."""

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from ohx_desktop.storage.durable import make_folder

_APP = "ohx-desktop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The folders of one profile."""

    config: Path
    data: Path
    logs: Path
    cache: Path

    @classmethod
    def at(cls, directory: Path | None) -> "Profile":
        """Return the profile in `directory`, or the platform's own folders."""
        if directory is not None:
            root = directory.expanduser().absolute()
            return cls(config=root, data=root, logs=root / "logs", cache=root / "cache")
        return cls(
            config=platformdirs.user_config_path(_APP, appauthor=False),
            data=platformdirs.user_data_path(_APP, appauthor=False),
            logs=platformdirs.user_log_path(_APP, appauthor=False),
            cache=platformdirs.user_cache_path(_APP, appauthor=False),
        )

    def create(self) -> None:
        """Make the folders, private to this account. Raises OSError."""
        for folder in (self.config, self.data, self.logs):
            make_folder(folder)

    @property
    def config_file(self) -> Path:
        """The profile's own settings."""
        return self.config / "config.toml"

    @property
    def mapping_file(self) -> Path:
        """What the clinic has changed of the FHIR mapping."""
        return self.config / "mapping.toml"

    @property
    def last_good_mapping(self) -> Path:
        """The mapping file as it was when it was last right."""
        return self.data / "mapping.last-good.toml"

    @property
    def database(self) -> Path:
        """The encrypted queue."""
        return self.data / "outbox.db"

    @property
    def cloud_database(self) -> Path:
        """The encrypted links with cloud accounts."""
        return self.data / "cloud.db"

    @property
    def link_locks(self) -> Path:
        """The locks of links, one renewal at a time."""
        return self.data / "link-locks"

    @property
    def sync_locks(self) -> Path:
        """The locks of links, one sync at a time."""
        return self.data / "sync-locks"

    @property
    def tasks_file(self) -> Path:
        """What is to be done by itself; ids of links and times."""
        return self.data / "tasks.db"

    def limits_file(self, provider: str) -> Path:
        """When a cloud provider was asked last."""
        return self.data / "limits" / f"{provider}.json"

    @property
    def key_move_note(self) -> Path:
        """There while the key of the queue is moved to another source."""
        return self.data / "key-move.json"

    @property
    def sender_lock(self) -> Path:
        """Held by the one process that sends."""
        return self.data / "sender.lock"

    @property
    def window_lock(self) -> Path:
        """Held by the one window."""
        return self.data / "window.lock"

    @property
    def devices_file(self) -> Path:
        """The devices registered with this workstation."""
        return self.data / "devices.json"

    @property
    def staff_file(self) -> Path:
        """Who may sign in here by PIN; the PINs are in the keyring."""
        return self.data / "staff.json"

    @property
    def device_health_file(self) -> Path:
        """How the registered devices fare; no health data."""
        return self.data / "device-health.json"

    @property
    def reconciled_file(self) -> Path:
        """When receipts were last compared with the EHR, and how many differed."""
        return self.data / "reconciled.json"

    @property
    def installation_file(self) -> Path:
        """The random id of this installation."""
        return self.data / "installation-id"


def machine_config_file() -> Path:
    """Return where IT puts the settings of the whole machine."""
    return platformdirs.site_config_path(_APP, appauthor=False) / "config.toml"


def policy_file() -> Path:
    """Return where IT puts values that nobody on the machine may change."""
    return platformdirs.site_config_path(_APP, appauthor=False) / "policy.toml"
