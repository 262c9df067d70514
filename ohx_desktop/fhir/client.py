"""The EHR: patients, readings filed, looked up, read back and taken back.

Methods raise the RemoteError family. Importing this module takes half a second, so
`connect.connect_ehr` does it off the event loop.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress

from ohx_desktop.domain.care_context import OfferedContexts
from ohx_desktop.domain.errors import Misconfigured, Refused, RemoteError, Transient
from ohx_desktop.domain.look_up import LookUp
from ohx_desktop.domain.patient import Patient, PatientQuery, PatientsFound
from ohx_desktop.fhir.capability import Capabilities, capabilities_from
from ohx_desktop.fhir.contexts import contexts_of
from ohx_desktop.fhir.encoding import Json, decode
from ohx_desktop.fhir.look_up import (
    Held,
    held,
    in_turns,
    look_up,
    observations_in,
    with_reference,
)
from ohx_desktop.fhir.mapping.retraction import decode_order, is_order
from ohx_desktop.fhir.normal_form import Named, names_of
from ohx_desktop.fhir.one_by_one import store_one_by_one
from ohx_desktop.fhir.outcome import resource_in
from ohx_desktop.fhir.patient_search import find
from ohx_desktop.fhir.patients import is_current, patient_from
from ohx_desktop.fhir.plan import UploadPlan, VersionChoice, Way, plan_for, rendered
from ohx_desktop.fhir.prepared import Prepared
from ohx_desktop.fhir.readback import differences
from ohx_desktop.fhir.reference import checked_reference
from ohx_desktop.fhir.retracting import RetractionOutcome, look_up_order, retract
from ohx_desktop.fhir.server import FhirServer
from ohx_desktop.fhir.transaction import TransactionOutcome, main_entry, transaction_outcome
from ohx_desktop.transport import HttpClient, exchange

# More than a person can compare at a glance; then the search must be narrowed.
PATIENT_LIMIT = 20
# Whoever takes longer to answer a probe is not back yet.
PROBE_DEADLINE_S = 5.0
# Locations of Observations just stored, for a look-up that comes before the EHR's index.
LOCATIONS_KEPT = 512

_GONE = frozenset({404, 410})
# A gateway answers, and the EHR behind it does not.
_GATEWAY = frozenset({502, 503, 504})


class EhrClient(FhirServer):
    """What this program does with its one FHIR server.

    `http` is used and not closed. `patient_identifier_system` is the system of the identifier that
    patients show; without it an identifier is looked for in every system. `fhir_version` "auto"
    goes by what the server says.
    """

    def __init__(
        self,
        http: HttpClient,
        base_url: str,
        *,
        patient_identifier_system: str | None = None,
        fhir_version: VersionChoice = "auto",
    ) -> None:
        super().__init__(http, base_url)
        self._system = patient_identifier_system
        self._version = fhir_version
        self._told: Capabilities | None = None
        self._asking = asyncio.Lock()
        self._prepared = Prepared()
        self._locations: OrderedDict[Named, str] = OrderedDict()

    async def capabilities(self) -> Capabilities:
        """Ask the EHR what it can do, and keep the answer for all that depends on it."""
        statement = resource_in(await self._send("GET", f"{self.url}/metadata"))
        if statement["resourceType"] != "CapabilityStatement":
            raise Misconfigured("the address is that of something else than a FHIR server")
        self._told = capabilities_from(statement)
        return self._told

    async def _known(self) -> Capabilities:
        """Return what the EHR told, asked for once."""
        async with self._asking:
            return self._told or await self.capabilities()

    async def find_patients(
        self, query: PatientQuery, *, limit: int = PATIENT_LIMIT
    ) -> PatientsFound:
        """Return at most `limit` patients for whom a reading may be filed, or why none is shown.

        The query travels in the body, so that no name gets into the access log of a proxy.
        """
        return await find(self, query, system=self._system, limit=limit)

    async def contexts(self, patient: Patient) -> OfferedContexts:
        """Return the open visits and active orders of a patient; what cannot be read is missing."""
        try:
            told = await self._known()
            version = plan_for(told, self._version).version
        except RemoteError:
            return OfferedContexts(complete=False)
        return await contexts_of(self, patient.reference, version, told.resource_types)

    async def patient(self, reference: str) -> Patient:
        """Return the patient of a reference "Patient/ID".

        Raises UsageError for another form, Refused for a record that is inactive or replaced.
        """
        resource = await self.read(checked_reference(reference, "Patient"))
        patient = patient_from(resource, system=self._system)
        if patient is None or not is_current(resource):
            raise Refused(
                "the patient record is inactive or was replaced by another",
                meaning="no reading can be filed for it",
                hint="search for the patient again",
            )
        return patient

    async def transact(self, bundle: bytes) -> TransactionOutcome:
        """Store an encoded R5 transaction Bundle as this EHR takes it; tell of each entry.

        A Transient tells whether the EHR may have stored it: then look it up, and send the very
        same bytes again where it is not there. Raises Refused where the EHR will not take this
        Bundle.
        """
        try:
            plan = await self._planned()
        except Transient as error:
            # Whatever became of the question, nothing of the reading was sent.
            error.is_doubtful = False
            raise
        try:
            return await self._transact(bundle, plan)
        except (Misconfigured, Refused) as error:
            # The server may have become another one; the next reading asks again.
            self._told = None
            await self._check_patient(bundle, error)
            raise

    def prepare(self, bundle: bytes) -> None:
        """Make ready what `transact` will send of this bundle, once it is known how."""
        if self._told is not None:
            with suppress(Misconfigured):
                self._prepared.make(bundle, plan_for(self._told, self._version))

    async def is_back(self) -> bool:
        """Tell whether the EHR can be reached, by a small question with a short deadline."""
        try:
            response = await exchange(
                self._http, "HEAD", f"{self.url}/metadata", deadline_s=PROBE_DEADLINE_S
            )
        except Transient:
            return False
        except RemoteError:
            # Somebody is there; what is wrong is told when the next reading is sent.
            return True
        return response.status not in _GATEWAY

    async def _planned(self) -> UploadPlan:
        """Return how this EHR takes readings; it is asked once."""
        return plan_for(await self._known(), self._version)

    async def _transact(self, bundle: bytes, plan: UploadPlan) -> TransactionOutcome:
        made = self._prepared.take(bundle, plan)
        sent = made.sent
        if plan.way is Way.TRANSACTION:
            outcome = transaction_outcome(sent, await self.post_transaction(sent, made.content))
        else:
            outcome = await store_one_by_one(sent, self, plan.way)
        self._remember(sent, outcome)
        return outcome

    def _remember(self, sent: Json, outcome: TransactionOutcome) -> None:
        for position, resource in observations_in(sent):
            reference = outcome.entries[position].reference
            if reference is not None:
                self._locations[names_of(resource)[0]] = reference
        while len(self._locations) > LOCATIONS_KEPT:
            self._locations.popitem(last=False)

    async def _check_patient(self, bundle: bytes, error: RemoteError) -> None:
        """Raise Refused where the reading was refused because its patient is not there any more."""
        if isinstance(error, Misconfigured) and error.status not in _GONE:
            return
        sent = decode(bundle)
        try:
            await self.read(sent["entry"][main_entry(sent)]["resource"]["subject"]["reference"])
        except Refused as missing:
            if missing.status in _GONE:
                raise Refused(
                    "the EHR does not have this patient any more",
                    status=error.status,
                    meaning="the reading stays safe on this computer; it was not filed",
                    hint="open the queue and file the reading for the patient's record of today",
                ) from error
        except RemoteError:
            # Nothing is known of the patient, so the refusal speaks for itself.
            return

    async def look_up(self, bundles: Sequence[bytes]) -> list[LookUp]:
        """Return what the EHR holds of each encoded R5 Bundle or retraction order, in their order.

        One search names the Observations of many Bundles. Of an order SAME tells that it is
        carried out. Raises the RemoteError family where the EHR cannot be asked or believed.
        """
        plan = await self._planned()
        contents = [decode(bundle) async for bundle in in_turns(bundles)]
        sent = [rendered(each, plan) for each in contents if not is_order(each)]
        whole = plan.way is Way.TRANSACTION
        found = iter(await look_up(self, sent, self._locations, is_all_or_nothing=whole))
        return [
            await look_up_order(self, decode_order(payload), self._locations)
            if is_order(content)
            else next(found)
            for content, payload in zip(contents, bundles, strict=True)
        ]

    async def held(self, names: Iterable[Named], references: Iterable[str] = ()) -> Held:
        """Return the Observations that the EHR holds under these identifiers now.

        `references` (Type/ID) are where some of them were stored: read where no search finds them.
        """
        found = await held(self, names, self._locations)
        for reference in references:
            found = await with_reference(self, found, reference)
        return found

    async def retract(self, order: bytes) -> RetractionOutcome:
        """Mark what an order stands for as entered in error; once or often is the same.

        Raises Refused where a person must look at what the EHR holds, and the RemoteError family.
        """
        plan = await self._planned()
        return await retract(self, decode_order(order), plan, self._locations)

    async def read_back(self, bundle: bytes, outcome: TransactionOutcome) -> tuple[str, ...]:
        """Return where the stored Observations differ from the Bundle sent; empty when equal.

        Each is the path of an element; nothing of its content is told.
        """
        found: list[str] = []
        sent = rendered(decode(bundle), await self._planned())
        for position, entry in enumerate(sent["entry"]):
            resource = entry["resource"]
            if resource["resourceType"] != "Observation":
                continue
            stored = await self._stored(resource, outcome.entries[position].reference)
            paths = ("Observation",) if stored is None else differences(resource, stored)
            found += [f"Bundle.entry[{position}]: {path}" for path in paths]
        return tuple(found)

    async def verify(self, bundle: bytes, outcome: TransactionOutcome) -> bool:
        """Return whether the EHR holds exactly what was sent."""
        return not await self.read_back(bundle, outcome)

    async def _stored(self, sent: Json, reference: str | None) -> Json | None:
        """Return what the EHR holds, looked up by identifier where it told no location."""
        if reference:
            try:
                return await self.read(reference)
            except Refused as error:
                if error.status in _GONE:
                    return None
                raise
        identifier = sent["identifier"][0]
        token = f"{identifier['system']}|{identifier['value']}"
        found = await self.matching("Observation", {"identifier": token})
        return found[0] if len(found) == 1 else None

    async def offers_match(self) -> bool:
        """Return whether the EHR says that it has Patient/$match."""
        try:
            return (await self._known()).match
        except RemoteError:
            return False
