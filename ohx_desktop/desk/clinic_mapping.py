"""The clinic's mapping as it is in force here: what is wrong with it, and how to change it.

One way in for the window and the command line: the very bytes that were checked are put in place.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.audit.events import Event
from ohx_desktop.audit.record import content_name
from ohx_desktop.desk.admin_states import PutInForce
from ohx_desktop.desk.auditing import Note, note_nothing
from ohx_desktop.domain.errors import ConfigurationError, OhxError
from ohx_desktop.fhir.mapping import MappingRules
from ohx_desktop.fhir.mapping_file import LoadedRules, load_rules, rules_in
from ohx_desktop.settings.placing import put_in_place
from ohx_desktop.settings.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Callable


def put_in_force(content: bytes, name: str, profile: Profile) -> Path | None:
    """Check the content of a mapping file and make it the profile's own; keep the one before.

    Returns where that is kept, None where the built-in mapping was used. Raises BrokenMapping for
    what is not valid, ConfigurationError where it cannot be written; then nothing has changed.
    Blocking.
    """
    rules_in(content, name)
    try:
        profile.create()
        return put_in_place(content, profile.mapping_file)
    except OSError as error:
        raise ConfigurationError(
            f"the mapping cannot be put in place ({error.strerror})",
            meaning="the mapping stays as it was",
            hint="mend the permissions of the profile's folder, or free disk space",
        ) from error


class ClinicMapping:
    """The mapping in force of a running workstation.

    `on_rules` hears of each change: it concerns what is confirmed from then on; `note` tells the
    audit of it.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._loaded = _load(profile)
        self.note: Note = note_nothing
        self.on_rules: Callable[[MappingRules], None] | None = None

    @property
    def rules(self) -> MappingRules:
        """The rules in force."""
        return self._loaded.rules

    @property
    def problem(self) -> OhxError | None:
        """Why the file as it is now is not in force, or cannot be kept."""
        return self._loaded.problem

    @property
    def file(self) -> Path:
        """Where the clinic's mapping lies, if it has one."""
        return self._profile.mapping_file

    async def put_in_force(self, content: bytes, name: str) -> PutInForce:
        """Put a mapping in force at once. Raises as the function `put_in_force`."""
        kept = await asyncio.to_thread(put_in_force, content, name, self._profile)
        self._loaded = await asyncio.to_thread(_load, self._profile)
        self.note(Event.MAPPING_IMPORTED, subject=content_name(content))
        if self.on_rules is not None:
            self.on_rules(self.rules)
        return PutInForce(name=name, kept=kept.name if kept else None)


def _load(profile: Profile) -> LoadedRules:
    return load_rules(profile.mapping_file, profile.last_good_mapping)
