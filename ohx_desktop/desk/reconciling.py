"""Does the EHR still hold what was filed from here? Receipts against Observations, by their proofs.

Nothing is changed by it, here or there; what is found is for a person.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ohx_desktop.domain.look_up import Found, together
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.normal_form import Named
from ohx_desktop.fhir.proof import compare, names_in, prove
from ohx_desktop.outbox.receipts import Kept
from ohx_desktop.outbox.states import ARRIVED, EntryState, OutboxEntry

_TAKEN_BACK = frozenset({Found.RETRACTED, Found.ABSENT})


class Receipts(Protocol):
    """What the queue keeps of filed readings. Methods raise StoreError."""

    async def proof_key(self) -> bytes:
        """Return the key of the proofs."""
        ...

    def arrived(self, since: datetime | None) -> AsyncIterator[Sequence[Kept]]:
        """Yield what the EHR has acknowledged, page by page."""
        ...

    async def note_reconciled(self, result: str) -> None:
        """Note durably what came of a comparison, as a code."""
        ...

    async def taken_back(self) -> dict[UUID, EntryState]:
        """Return what was ordered to be taken back, with the state of each order."""
        ...


class Holder(Protocol):
    """The EHR, from the side that is asked. Raises the RemoteError family."""

    async def held(
        self, names: Iterable[Named], references: Iterable[str] = ()
    ) -> Mapping[Named, Sequence[Json]]:
        """Return the Observations under these identifiers."""
        ...


@dataclass(slots=True, kw_only=True)
class Reconciled:
    """What came of it. `differing` is in the order of confirmation, with what the EHR has of each.

    `taken_back` were marked as entered in error from here, as ordered; `not_comparable` are
    receipts of older versions, and `in_correction` those whose order is still on its way.
    """

    same: int = 0
    taken_back: int = 0
    not_comparable: int = 0
    in_correction: int = 0
    differing: list[tuple[OutboxEntry, Found]] = field(default_factory=list)

    @property
    def checked(self) -> int:
        """How many readings were looked at in the EHR."""
        return self.same + self.taken_back + len(self.differing)


OnProgress = Callable[[Reconciled], None]


class Reconciler:
    """Compares the receipts of one queue with the EHR."""

    def __init__(self, *, receipts: Receipts, ehr: Holder) -> None:
        self._receipts = receipts
        self._ehr = ehr

    async def run(
        self, since: datetime | None = None, on_progress: OnProgress = lambda _: None
    ) -> Reconciled:
        """Return what the EHR holds of everything it acknowledged, with `since` from then on.

        `on_progress` is called after each page. Raises the RemoteError family where the EHR cannot
        be asked or believed: then nothing is said of any reading. Can be cancelled at any time.
        """
        report = Reconciled()
        key = await self._receipts.proof_key()
        orders = await self._receipts.taken_back()
        async for page in self._receipts.arrived(since):
            await self._compare(page, orders, key, report)
            on_progress(report)
        await self._receipts.note_reconciled(
            f"differing-{len(report.differing)}-of-{report.checked}"
        )
        return report

    async def _compare(
        self,
        page: Sequence[Kept],
        orders: Mapping[UUID, EntryState],
        key: bytes,
        report: Reconciled,
    ) -> None:
        proofs: list[tuple[OutboxEntry, bytes]] = []
        for kept in page:
            proof = kept.proof if kept.held is None else prove(kept.held.bundle, key)
            order = orders.get(kept.entry.id)
            if order is not None and order not in ARRIVED:
                report.in_correction += 1
            elif proof is None:
                report.not_comparable += 1
            else:
                proofs.append((kept.entry, proof))
        names = [name for _, proof in proofs for name in names_in(proof)]
        references = [entry.ehr_reference for entry, _ in proofs if entry.ehr_reference]
        held = await self._ehr.held(names, references)
        for entry, proof in proofs:
            found = together([finding.found for finding in compare(proof, held, key)])
            if entry.id in orders:
                self._note_taken_back(entry, found, report)
            elif found is Found.SAME:
                report.same += 1
            else:
                report.differing.append((entry, found))

    def _note_taken_back(self, entry: OutboxEntry, found: Found, report: Reconciled) -> None:
        if found in _TAKEN_BACK:
            report.taken_back += 1
        else:
            # Somebody has put back what was marked as entered in error.
            report.differing.append((entry, Found.DIFFERENT))
