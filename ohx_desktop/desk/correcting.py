"""Correcting what was filed: take a reading back, or file it for the right patient.

Nothing is made up for it. While the confirmed reading is here, it is filed anew from itself; once
it is erased, it is read from the EHR and must be, by its proof, exactly what was confirmed. What
cannot be proven is refused by name, and a person corrects it in the EHR.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from ohx_desktop.desk.filing import Decided, SubmissionMaker
from ohx_desktop.domain.errors import Refused, UsageError
from ohx_desktop.domain.look_up import Found
from ohx_desktop.fhir.encoding import Json, decode, encode
from ohx_desktop.fhir.look_up import observations_in
from ohx_desktop.fhir.mapping.provenance import replacing
from ohx_desktop.fhir.mapping.refiling import Refiling, refiled_bundle
from ohx_desktop.fhir.mapping.retraction import RetractionOrder, encode_order
from ohx_desktop.fhir.normal_form import Named, subject_of
from ohx_desktop.fhir.proof import Finding, compare, names_in, prove
from ohx_desktop.fhir.reference import checked_reference
from ohx_desktop.ops.logging import Field, log_event
from ohx_desktop.outbox.receipts import Kept
from ohx_desktop.outbox.records import Corrected, Filing
from ohx_desktop.review.submission_json import decode_submission, encode_submission

_UNCHANGED = "nothing was changed, here or in the EHR"
_BY_HAND = "correct the reading in the EHR itself"


class Receipts(Protocol):
    """What the queue keeps of filed readings. Methods raise StoreError, UsageError."""

    async def proof_key(self) -> bytes:
        """Return the key of the proofs."""
        ...

    async def kept(self, entry_id: UUID) -> Kept:
        """Return what is kept of an entry."""
        ...

    async def correct(
        self,
        entry_id: UUID,
        *,
        patient: str,
        reason: str,
        by: str | None,
        order: bytes | None,
        refile: Filing | None,
    ) -> Corrected:
        """Take a filed reading back, and file it for another, as one durable step."""
        ...


class Holder(Protocol):
    """The EHR, from the side that is asked. Raises the RemoteError family."""

    async def held(
        self, names: Iterable[Named], references: Iterable[str] = ()
    ) -> Mapping[Named, Sequence[Json]]:
        """Return the Observations under these identifiers."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filed:
    """A filed reading: whose it is, its proof, and its Observations where they had to be read."""

    patient: str
    proof: bytes
    key: bytes
    observations: Sequence[Json] = ()


class CorrectingService:
    """Takes filed readings back and files them anew. The sender carries out what is ordered."""

    def __init__(self, *, receipts: Receipts, ehr: Holder, maker: SubmissionMaker) -> None:
        self._receipts = receipts
        self._ehr = ehr
        self._maker = maker

    async def retract(self, entry_id: UUID, reason: str, by: str | None = None) -> Corrected:
        """Have a filed reading marked as entered in error; one that never left is given up.

        `reason` is a code such as "wrong-patient"; who is signed in decides, unless `by` is named.
        Raises UsageError where there is nothing to take back, Refused where the EHR holds
        something else than was confirmed, the RemoteError family where it had to be asked.
        """
        decided = self._maker.decision(by)
        kept = await self._receipts.kept(entry_id)
        filed = await self._filed(kept, is_needed=False)
        return await self._correct(kept, filed, decided, reason)

    async def refile(
        self, entry_id: UUID, patient: str, reason: str, by: str | None = None
    ) -> Corrected:
        """Take a filed reading back and file the same reading for another patient.

        Raises what `retract` raises; Refused also where the EHR does not hold the whole reading.
        """
        checked_reference(patient, "Patient")
        decided = self._maker.decision(by)
        kept = await self._receipts.kept(entry_id)
        filed = await self._filed(kept, is_needed=True)
        if filed.patient == patient:
            raise UsageError("this reading is filed for this patient already")
        refile = self._refiling(kept, filed, patient, decided)
        return await self._correct(kept, filed, decided, reason, refile)

    async def _correct(
        self,
        kept: Kept,
        filed: _Filed,
        decided: Decided,
        reason: str,
        refile: Filing | None = None,
    ) -> Corrected:
        order = RetractionOrder(
            proof=filed.proof,
            key=filed.key,
            reference=kept.entry.ehr_reference,
            reason=reason,
            by=decided.by,
            at=decided.at,
            gateway=decided.gateway,
            send_provenance=decided.send_provenance,
        )
        corrected = await self._receipts.correct(
            kept.entry.id,
            patient=filed.patient,
            reason=reason,
            by=decided.by,
            order=encode_order(order) if kept.entry.may_be_in_ehr else None,
            refile=refile,
        )
        log_event("reading.corrected", {Field.ENTRY: kept.entry.id})
        return corrected

    # ── what was filed ───────────────────────────────────────────────────────────────────────

    async def _filed(self, kept: Kept, *, is_needed: bool) -> _Filed:
        """Return what was filed; from the EHR where it is erased here.

        With `is_needed` every Observation must be there.
        """
        key = await self._receipts.proof_key()
        if kept.held is not None:
            proof = prove(kept.held.bundle, key)
            return _Filed(patient=kept.held.patient, proof=proof, key=key)
        if kept.proof is None:
            raise UsageError(
                "nothing is kept here by which this reading could be known again",
                meaning=_UNCHANGED,
                hint=_BY_HAND,
            )
        reference = kept.entry.ehr_reference
        held = await self._ehr.held(names_in(kept.proof), [reference] if reference else [])
        findings = compare(kept.proof, held, key)
        _require_confirmed(findings, is_needed=is_needed)
        observations = [each.confirmed for each in findings if each.confirmed is not None]
        patients = {subject_of(each) for each in observations}
        if len(patients) != 1 or (patient := patients.pop()) is None:
            raise Refused(
                "the EHR does not have this reading any more",
                meaning=_UNCHANGED,
                hint="nothing is left to be taken back; to have it again, measure again",
            )
        return _Filed(patient=patient, proof=kept.proof, key=key, observations=observations)

    def _refiling(self, kept: Kept, filed: _Filed, patient: str, decided: Decided) -> Filing:
        """Return the same reading for another patient."""
        held, entry = kept.held, kept.entry
        identifiers = [
            {"system": system, "value": value} for system, value in names_in(filed.proof)
        ]
        if held is not None and held.submission:
            submission = self._maker.for_another(
                decode_submission(held.submission), patient=patient, by=decided.by
            )
            bundle = self._maker.bundle(submission)
            if entry.may_be_in_ehr:
                bundle = replacing(bundle, identifiers)
            return Filing(
                reading_id=entry.reading_id,
                patient=patient,
                submission=encode_submission(submission),
                bundle=encode(bundle),
                frames=held.frames,
            )
        observations = filed.observations
        if held is not None:
            # It was itself made of what the EHR held.
            observations = [each for _, each in observations_in(decode(held.bundle))]
        decision = Refiling(
            reading_id=entry.reading_id,
            filed_for=filed.patient,
            patient=patient,
            by=decided.by,
            at=decided.at,
            gateway=decided.gateway,
            send_provenance=decided.send_provenance,
        )
        return Filing(
            reading_id=entry.reading_id,
            patient=patient,
            submission=b"",
            bundle=encode(refiled_bundle(decision, observations, identifiers)),
            frames=(),
        )


def _require_confirmed(findings: Sequence[Finding], *, is_needed: bool) -> None:
    """Raise Refused unless what the EHR holds is what was confirmed, and nothing is there twice."""
    if any(finding.found is Found.DOUBLED for finding in findings):
        raise Refused("the EHR has this reading more than once", meaning=_UNCHANGED, hint=_BY_HAND)
    if any(each.stored is not None and not each.is_same_but_for_status for each in findings):
        raise Refused(
            "the EHR holds something else than was confirmed here; somebody has changed it",
            meaning=_UNCHANGED,
            hint=_BY_HAND,
        )
    if is_needed and any(finding.found is Found.ABSENT for finding in findings):
        raise Refused(
            "the EHR does not have the whole reading any more",
            meaning=_UNCHANGED,
            hint="it cannot be filed anew from there; measure again",
        )
