"""Every state of the administrator's pages, with an invented EHR: for the gallery and the tests."""

from collections.abc import Mapping
from dataclasses import dataclass

from ohx_desktop.desk.admin_states import (
    AdminHome,
    AdminState,
    EhrCheck,
    MappingPreview,
    PutInForce,
    Run,
)
from ohx_desktop.desk.mapping_changes import difference
from ohx_desktop.desk.mapping_difference import Difference
from ohx_desktop.desk.sample_readings import Sample, sample_submission
from ohx_desktop.domain.check_lines import Line, Verdict
from ohx_desktop.domain.errors import ConfigurationError, OhxError, Transient, UsageError
from ohx_desktop.domain.quantity import QuantityKind, Unit
from ohx_desktop.fhir.mapping import BUILT_IN, MappingRules
from ohx_desktop.fhir.mapping.codes import coding
from ohx_desktop.fhir.mapping.rules import ElementRules
from ohx_desktop.fhir.mapping_file import BrokenMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMend:
    """The search, on a workstation whose set-up has a fault."""

    problems: tuple[OhxError, ...]


_NO_EHR = ConfigurationError(
    "no EHR is set up on this workstation",
    hint="set ehr.base_url in config.toml to the FHIR address of the EHR",
)
_FAULTS = (
    "line 4, quantities.body_weight.unit: it cannot be told in mm[Hg]",
    "line 9, quantities.pulse_rate.texts: Extra inputs are not permitted",
    "line 15, panels.blood_pressure: the profile demands the code 85354-9; keep it",
)
_BROKEN_IN_FORCE = BrokenMapping("mapping.toml", _FAULTS[:1])
_BROKEN_IN_FORCE.meaning = "readings are still sent by the last mapping that was right"

_TOO_LONG = Transient("the check took too long", hint="check the network, then run it again")
_TOO_LONG.meaning = OhxError.meaning


def _line(name: str, detail: str, verdict: Verdict = Verdict.OK, remedy: str | None = None) -> Line:
    return Line(name=name, verdict=verdict, detail=detail, remedy=remedy)


_LINES = (
    _line("tls", "encrypted, with a certificate that this computer trusts for 212 more days"),
    _line("reachable", "https://ehr.clinic.example/fhir answers"),
    _line("fhir-version", "FHIR 5.0.0; R5 is sent"),
    _line("way", "a reading is stored resource by resource, none of them twice"),
    _line(
        "transaction",
        "does not offer storing a reading all or nothing",
        Verdict.WARNING,
        "nothing has to be done: another way is used",
    ),
    _line("conditional-create", "offers uploading again without a second copy"),
    _line("update-create", "offers storing Provenance under our id"),
    _line("validate", "offers checking a resource without storing it ($validate)"),
    _line("patient-search", "signed in and may search for patients"),
    _line("scopes", "all that is needed is granted"),
    _line("validate-own", "our Observations are valid for this EHR"),
)
_WROTE = _line(
    "write", "stored, read back, and marked as entered in error; the EHR lets nothing be deleted"
)
_REFUSED = _line(
    "patient-search",
    "the EHR does not accept the sign-in of this program",
    Verdict.FAILED,
    "keep the token anew: ohx-desktop secret set ehr.token",
)
_CLINIC = MappingRules(
    kinds={
        QuantityKind.BODY_WEIGHT: ElementRules(
            unit=Unit.KILOGRAM,
            more_codings=(coding("https://clinic.example/codes", "WEIGHT", "Weight at reception"),),
            profiles=("https://clinic.example/fhir/StructureDefinition/body-weight-at-reception",),
        ),
        QuantityKind.MEAN_ARTERIAL_PRESSURE: ElementRules(send=False),
        QuantityKind.BODY_TEMPERATURE: ElementRules(send=False),
        QuantityKind.PULSE_RATE: ElementRules(text="Pulse at reception"),
    },
)


def _differences(before: MappingRules, after: MappingRules) -> Mapping[Sample, Difference]:
    return {sample: difference(sample_submission(sample), before, after) for sample in Sample}


_PREVIEW = MappingPreview(name="mapping-2027.toml", differences=_differences(BUILT_IN, _CLINIC))

ADMIN_SCENES: dict[str, AdminState | ToMend] = {
    "16-to-mend": ToMend(problems=(_NO_EHR, _BROKEN_IN_FORCE)),
    "110-admin": AdminHome(),
    "111-admin-to-mend": AdminHome(problems=(_NO_EHR, _BROKEN_IN_FORCE)),
    "112-check": EhrCheck(),
    "113-checking": EhrCheck(run=Run.RUNNING, lines=_LINES[:5]),
    "114-checked": EhrCheck(run=Run.DONE, lines=_LINES),
    "115-check-failed": EhrCheck(run=Run.DONE, lines=(*_LINES[:3], _REFUSED)),
    "116-check-wrote": EhrCheck(run=Run.DONE, lines=(*_LINES, _WROTE), writes=True),
    "117-check-stopping": EhrCheck(run=Run.STOPPING, lines=_LINES, writes=True),
    "118-check-broken-off": EhrCheck(
        run=Run.DONE,
        lines=_LINES[:1],
        error=_TOO_LONG,
    ),
    "119-check-wrong-patient": EhrCheck(wrong_patient=UsageError("no reference")),
    "120-mapping-in-force": MappingPreview(
        differences=_differences(BUILT_IN, BUILT_IN), in_force_problem=_BROKEN_IN_FORCE
    ),
    "121-mapping-preview": _PREVIEW,
    "122-mapping-broken": MappingPreview(
        name="mapping-2027.toml", broken=BrokenMapping("mapping-2027.toml", _FAULTS), faults=_FAULTS
    ),
    "123-mapping-put": MappingPreview(
        name="mapping-2027.toml",
        differences=_PREVIEW.differences,
        done=PutInForce(name="mapping-2027.toml", kept="mapping.previous"),
    ),
}
