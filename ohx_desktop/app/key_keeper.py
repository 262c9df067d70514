"""What an administrator does with the key of a profile: look, make, move, seal anew."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ohx_desktop.app.keys import source_of
from ohx_desktop.app.profile import opened_profile, settings_of
from ohx_desktop.domain.errors import ConfigurationError, KeystoreError, UsageError

if TYPE_CHECKING:
    from ohx_desktop.keystore import KeyPlace
    from ohx_desktop.keystore.moving import KeyMove

Target = Literal["keyring", "pin", "file"]
SYSTEMD = "systemd-credential"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatus:
    """Where the key is. `is_kept` is None where only using it would tell."""

    source: str
    place: str
    is_kept: bool | None
    has_queue: bool
    move: "KeyMove | None"


class KeyKeeper:
    """What an administrator does with the key of one profile. Everything blocks."""

    def __init__(self, directory: Path | None) -> None:
        self._profile = opened_profile(directory)
        self._settings = settings_of(self._profile)

    @property
    def source(self) -> str:
        """The source in force."""
        return self._settings.store.key_source

    def status(self) -> KeyStatus:
        """Return where the key is. Raises KeystoreError, NoKeyring, KeyringLocked."""
        from ohx_desktop.keystore.moving import begun_move
        from ohx_desktop.keystore.systemd_credential import SystemdCredential

        place = None if self.source == SYSTEMD else self._place(self.source)
        return KeyStatus(
            source=self.source,
            place=SystemdCredential.place if place is None else place.place,
            is_kept=None if place is None else place.is_kept(),
            has_queue=self._profile.database.exists(),
            move=begun_move(self._profile.key_move_note),
        )

    def prove(self, pin: str | None) -> None:
        """Open the queue with the key. Raises KeystoreError, StoreError."""
        from ohx_desktop.keystore.moving import prove_key

        prove_key(source_of(self._profile, self._settings, pin=pin), self._profile.database)

    def create(self, pin: str | None) -> None:
        """Make the key where there is neither key nor queue. Raises UsageError otherwise."""
        from ohx_desktop.keystore import obtain_key

        if self.status().is_kept:
            raise UsageError("there is a key already", hint="see where: ohx-desktop key status")
        obtain_key(source_of(self._profile, self._settings, pin=pin), self._profile.database)

    def change_pin(self, old: str, new: str) -> None:
        """Seal the same key with another PIN. Raises UsageError for a weak one, KeyPinWrong."""
        from ohx_desktop.keystore.sources import pin_file
        from ohx_desktop.storage.database import opening_lock

        with opening_lock(self._profile.database):
            pin_file(self._profile.data, old).change(new)

    def move(
        self, target: Target, *, key_file: Path | None, old_pin: str | None, new_pin: str | None
    ) -> None:
        """Bring the key to another source, and make that the one in force."""
        from ohx_desktop.keystore.moving import KeyMove, move_key

        profile, store = self._profile, self._settings.store
        place = self._place(target, key_file=key_file, pin=new_pin)
        move = KeyMove(
            source=self.source,
            target=target,
            source_file=None if store.key_file is None else str(store.key_file),
            target_file=None if key_file is None else str(key_file),
        )
        values = {"key_source": str(target), "key_file": move.target_file}
        edited = self._edited_settings(values)
        move_key(
            move,
            source_of(profile, self._settings, pin=old_pin),
            place,
            emptied=self._old_place(move),
            database=profile.database,
            note=profile.key_move_note,
            switch=partial(self._put_settings, edited),
        )

    def finish_move(self, pin: str | None) -> bool:
        """End a move that broke off once the new source was in force; tell if there was one."""
        from ohx_desktop.keystore.moving import begun_move, end_move

        profile = self._profile
        move = begun_move(profile.key_move_note)
        if move is None or move.target != self.source:
            return False
        end_move(
            self._old_place(move),
            source_of(profile, self._settings, pin=pin),
            database=profile.database,
            note=profile.key_move_note,
        )
        return True

    def _old_place(self, move: "KeyMove") -> "KeyPlace | None":
        if move.source == SYSTEMD:
            return None
        return self._place(
            move.source, key_file=Path(move.source_file) if move.source_file else None
        )

    def _place(
        self, kind: str, *, key_file: Path | None = None, pin: str | None = None
    ) -> "KeyPlace":
        from ohx_desktop.keystore import key_place

        file = key_file or self._settings.store.key_file
        return key_place(kind, profile=self._profile.data, key_file=file, pin=pin)

    def _edited_settings(self, values: "dict[str, str | None]") -> str:
        """Return the profile's settings with the new source, where they are the ones that count."""
        from ohx_desktop.settings.editing import with_values
        from ohx_desktop.settings.layers import Layer, load_settings

        for value in load_settings(self._profile).values:
            is_ours = value.source in {Layer.DEFAULT, Layer.PROFILE}
            if value.key in {"store.key_source", "store.key_file"} and not is_ours:
                raise ConfigurationError(
                    f"{value.key} is set by {value.source}, which this command does not change",
                    meaning="the key stays where it is",
                    hint="set it in the profile's own config.toml, then move the key",
                )
        file = self._profile.config_file
        return with_values(
            file.read_text(encoding="utf-8") if file.exists() else "", "store", values
        )

    def _put_settings(self, text: str) -> None:
        from ohx_desktop.settings.placing import put_in_place

        try:
            put_in_place(text.encode(), self._profile.config_file)
        except OSError as error:
            raise KeystoreError(
                f"the settings cannot be written ({error.strerror})",
                meaning="the key is where it was, and opens the queue as before",
                hint="mend the permissions of the profile's folder, then move the key again",
            ) from error
