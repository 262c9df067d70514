"""What the sender needs of the EHR; the FHIR client has it."""

from collections.abc import Sequence
from typing import Protocol

from ohx_desktop.domain.look_up import LookUp


class Outcome(Protocol):
    """What the EHR answered to a reading, or to its retraction."""

    @property
    def main_reference(self) -> str | None:
        """Reference of the Observation that stands for the reading; None if it was not told."""
        ...

    @property
    def created(self) -> bool:
        """False where the EHR had it already, with whatever content."""
        ...


class Ehr(Protocol):
    """The EHR. Methods raise the RemoteError family.

    A Transient tells whether what was asked for may have been done (`is_doubtful`).
    """

    async def transact(self, bundle: bytes) -> Outcome:
        """Store the bundle unless the EHR has it: the same bytes, however often they are sent."""
        ...

    async def retract(self, order: bytes) -> Outcome:
        """Mark what an earlier bundle filed as entered in error; once or often is the same."""
        ...

    async def look_up(self, bundles: Sequence[bytes]) -> Sequence[LookUp]:
        """Return what the EHR holds of each bundle, in their order; nothing is changed."""
        ...

    async def is_back(self) -> bool:
        """Tell, soon and for little, whether the EHR can be reached."""
        ...

    def prepare(self, bundle: bytes) -> None:
        """Make ready what `transact` will send of this bundle; may do nothing."""
        ...
