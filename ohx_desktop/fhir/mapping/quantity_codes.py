"""Codes of quantities. A new kind is one row of QUANTITY_CODES, a new unit one of UNIT_NAMES.

Source: FHIR R5 vital-signs profiles; LOINC; ISO/IEEE 11073-10101 by the HL7 Personal Health Device
guide.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from ohx_desktop.domain.quantity import QuantityKind, Unit
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping.codes import LOINC, MDC, OWN_QUANTITIES, coding

Code = tuple[str, str]
"""A code and its display."""

VITAL_SIGNS: Code = ("vital-signs", "Vital Signs")
LABORATORY: Code = ("laboratory", "Laboratory")
EXAM: Code = ("exam", "Exam")
ACTIVITY: Code = ("activity", "Activity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Quantities that belong into one Observation as components.

    `required` kinds appear in every panel, with a dataAbsentReason where they were not measured.
    """

    loinc: Code
    mdc: Code
    text: str
    profile: str
    required: tuple[QuantityKind, ...]
    category: Code = VITAL_SIGNS

    @property
    def key(self) -> str:
        """What names the panel in identifiers; another one would send waiting readings twice."""
        return self.mdc[0]

    def codings(self) -> list[Json]:
        """Return the codings of the panel itself."""
        return [coding(LOINC, *self.loinc), coding(MDC, *self.mdc)]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityCode:
    """How one kind of quantity is coded: as a component of `panel`, or alone with `profile`.

    `loinc` has the code that the profile demands first. `by_unit` is for codes that LOINC splits
    by unit; `ucum` is a unit that says more than "1"; `beside` gives the MDC code in a reading that
    has a certain other kind as well. `own` is a code of this project, where no standard has one.
    `specialization` is what makes a device one that measures this kind.
    """

    text: str
    loinc: tuple[Code, ...] = ()
    by_unit: Mapping[Unit, Code] = field(default_factory=dict)
    ucum: Code | None = None
    mdc: Code | None = None
    beside: tuple[QuantityKind, Code] | None = None
    own: str | None = None
    panel: Panel | None = None
    profile: str | None = None
    category: Code = VITAL_SIGNS
    specialization: Code | None = None

    @property
    def key(self) -> str:
        """What names the kind in identifiers; another one would send waiting readings twice."""
        return self.mdc[0] if self.mdc else self.own or self.loinc[0][0]

    def codings(
        self, unit: Unit | None = None, kinds: AbstractSet[QuantityKind] = frozenset()
    ) -> list[Json]:
        """Return the codings in this unit, in a reading of these kinds."""
        by_unit = [code for split, code in self.by_unit.items() if split is unit]
        mdc = self.beside[1] if self.beside and self.beside[0] in kinds else self.mdc
        return [
            *(coding(LOINC, *code) for code in (*self.loinc, *by_unit)),
            *([coding(MDC, *mdc)] if mdc else []),
            *([coding(OWN_QUANTITIES, self.own, self.text)] if self.own else []),
        ]


BLOOD_PRESSURE = Panel(
    loinc=("85354-9", "Blood pressure panel with all children optional"),
    mdc=("150020", "MDC_PRESS_BLD_NONINV"),
    text="Blood pressure",
    profile="bp",
    required=(QuantityKind.SYSTOLIC_BLOOD_PRESSURE, QuantityKind.DIASTOLIC_BLOOD_PRESSURE),
)

_MONITOR = ("528391", "MDC_DEV_SPEC_PROFILE_BP")
_OXIMETER = ("528388", "MDC_DEV_SPEC_PROFILE_PULS_OXIM")
_THERMOMETER = ("528392", "MDC_DEV_SPEC_PROFILE_TEMP")
_METER = ("528401", "MDC_DEV_SPEC_PROFILE_GLUCOSE")
_SCALE = ("528399", "MDC_DEV_SPEC_PROFILE_SCALE")
_ANALYSER = ("528404", "MDC_DEV_SPEC_PROFILE_BCA")

# The order of the rows is the order of components and Observations; what a device is for comes
# before what it tells besides. Body composition is a vital sign by custom, of no profile.
QUANTITY_CODES: dict[QuantityKind, QuantityCode] = {
    QuantityKind.SYSTOLIC_BLOOD_PRESSURE: QuantityCode(
        loinc=(("8480-6", "Systolic blood pressure"),),
        mdc=("150021", "MDC_PRESS_BLD_NONINV_SYS"),
        text="Systolic blood pressure",
        panel=BLOOD_PRESSURE,
        specialization=_MONITOR,
    ),
    QuantityKind.DIASTOLIC_BLOOD_PRESSURE: QuantityCode(
        loinc=(("8462-4", "Diastolic blood pressure"),),
        mdc=("150022", "MDC_PRESS_BLD_NONINV_DIA"),
        text="Diastolic blood pressure",
        panel=BLOOD_PRESSURE,
        specialization=_MONITOR,
    ),
    QuantityKind.MEAN_ARTERIAL_PRESSURE: QuantityCode(
        loinc=(("8478-0", "Mean blood pressure"),),
        mdc=("150023", "MDC_PRESS_BLD_NONINV_MEAN"),
        text="Mean blood pressure",
        panel=BLOOD_PRESSURE,
        specialization=_MONITOR,
    ),
    QuantityKind.OXYGEN_SATURATION: QuantityCode(
        # Both: the profile demands the first, readers of oximeters look for the second.
        loinc=(
            ("2708-6", "Oxygen saturation in Arterial blood"),
            ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
        ),
        mdc=("150456", "MDC_PULS_OXIM_SAT_O2"),
        text="Oxygen saturation",
        profile="oxygensat",
        specialization=_OXIMETER,
    ),
    QuantityKind.PULSE_RATE: QuantityCode(
        loinc=(("8867-4", "Heart rate"),),
        mdc=("149546", "MDC_PULS_RATE_NON_INV"),
        beside=(QuantityKind.OXYGEN_SATURATION, ("149530", "MDC_PULS_OXIM_PULS_RATE")),
        text="Pulse rate",
        profile="heartrate",
    ),
    # What sources call so is their estimate of a day, not a rate that was measured at a moment.
    QuantityKind.RESTING_HEART_RATE: QuantityCode(
        own="resting-heart-rate", text="Resting heart rate, estimated"
    ),
    QuantityKind.BODY_TEMPERATURE: QuantityCode(
        loinc=(("8310-5", "Body temperature"),),
        mdc=("150364", "MDC_TEMP_BODY"),
        text="Body temperature",
        profile="bodytemp",
        specialization=_THERMOMETER,
    ),
    # LOINC has the skin's temperature in words only (cold, moist), and as a body's it misleads.
    QuantityKind.SKIN_TEMPERATURE: QuantityCode(
        own="skin-temperature", text="Skin temperature", category=EXAM
    ),
    QuantityKind.BLOOD_GLUCOSE: QuantityCode(
        by_unit={
            Unit.MILLIGRAM_PER_DECILITRE: ("2339-0", "Glucose [Mass/volume] in Blood"),
            Unit.MILLIMOLE_PER_LITRE: ("15074-8", "Glucose [Moles/volume] in Blood"),
        },
        # The general term: whether the blood was capillary is more than a reading knows.
        mdc=("160020", "MDC_CONC_GLU_GEN"),
        text="Blood glucose",
        category=LABORATORY,
        specialization=_METER,
    ),
    # Averages are no spot checks, so they claim no profile and have a code of their own beside.
    QuantityKind.OXYGEN_SATURATION_DAILY_AVERAGE: QuantityCode(
        loinc=(("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),),
        own="oxygen-saturation-daily-average",
        text="Oxygen saturation, daily average",
    ),
    QuantityKind.RESPIRATORY_RATE_DAILY_AVERAGE: QuantityCode(
        loinc=(("9279-1", "Respiratory rate"),),
        own="respiratory-rate-daily-average",
        text="Respiratory rate, daily average",
    ),
    QuantityKind.BODY_WEIGHT: QuantityCode(
        loinc=(("29463-7", "Body weight"),),
        mdc=("188736", "MDC_MASS_BODY_ACTUAL"),
        text="Body weight",
        profile="bodyweight",
        specialization=_SCALE,
    ),
    QuantityKind.BODY_HEIGHT: QuantityCode(
        loinc=(("8302-2", "Body height"),),
        mdc=("188740", "MDC_LEN_BODY_ACTUAL"),
        text="Body height",
        profile="bodyheight",
    ),
    QuantityKind.BODY_MASS_INDEX: QuantityCode(
        loinc=(("39156-5", "Body mass index (BMI) [Ratio]"),),
        mdc=("188752", "MDC_RATIO_MASS_BODY_LEN_SQ"),
        text="Body mass index",
        profile="bmi",
    ),
    QuantityKind.BODY_FAT_PERCENTAGE: QuantityCode(
        loinc=(("41982-0", "Percentage of body fat Measured"),),
        mdc=("188748", "MDC_BODY_FAT"),
        text="Body fat percentage",
        specialization=_ANALYSER,
    ),
    QuantityKind.FAT_MASS: QuantityCode(
        loinc=(("73708-0", "Body fat [Mass] Calculated"),),
        text="Fat mass",
        specialization=_ANALYSER,
    ),
    QuantityKind.LEAN_MASS: QuantityCode(
        loinc=(("91557-9", "Lean body weight"),),
        mdc=("188756", "MDC_MASS_BODY_FAT_FREE"),
        text="Lean mass",
        specialization=_ANALYSER,
    ),
    QuantityKind.SOFT_LEAN_MASS: QuantityCode(
        own="soft-lean-mass",
        mdc=("188760", "MDC_MASS_BODY_SOFT_LEAN"),
        text="Soft lean mass",
        specialization=_ANALYSER,
    ),
    QuantityKind.MUSCLE_MASS: QuantityCode(
        loinc=(("73964-9", "Body muscle mass"),),
        mdc=("188776", "MDC_MASS_BODY_MUSCLE"),
        text="Muscle mass",
        specialization=_ANALYSER,
    ),
    QuantityKind.MUSCLE_PERCENTAGE: QuantityCode(
        loinc=(("73965-6", "Body muscle mass/Body weight Measured"),),
        mdc=("188772", "MDC_BODY_MUSCLE"),
        text="Muscle percentage",
        specialization=_ANALYSER,
    ),
    QuantityKind.BODY_WATER_MASS: QuantityCode(
        loinc=(("101683-1", "Body water mass"),),
        mdc=("188764", "MDC_BODY_WATER"),
        text="Body water mass",
        specialization=_ANALYSER,
    ),
    # MDC has one term for body water; here it is the mass, as in the Body Composition Service.
    QuantityKind.BODY_WATER_PERCENTAGE: QuantityCode(
        loinc=(("101684-9", "Percentage of body water"),),
        text="Body water percentage",
        specialization=_ANALYSER,
    ),
    QuantityKind.BONE_MASS: QuantityCode(
        loinc=(("101685-6", "Body bone mass"),),
        text="Bone mass",
        specialization=_ANALYSER,
    ),
    QuantityKind.BASAL_METABOLISM: QuantityCode(
        own="basal-metabolism",
        mdc=("188768", "MDC_BASAL_METABOLISM"),
        text="Basal metabolic rate",
        specialization=_ANALYSER,
    ),
    QuantityKind.IMPEDANCE: QuantityCode(
        own="body-impedance",
        mdc=("188780", "MDC_BODY_ELECTRICAL_IMPEDANCE"),
        text="Body impedance",
        specialization=_ANALYSER,
    ),
    # The one code LOINC has for visceral fat is of an area; this is an index of the maker's.
    QuantityKind.VISCERAL_FAT_LEVEL: QuantityCode(
        own="visceral-fat-level",
        text="Visceral fat level",
        ucum=("{score}", "score"),
        specialization=_ANALYSER,
    ),
    # A scale's estimate; what LOINC has is the measurement of a laboratory.
    QuantityKind.PULSE_WAVE_VELOCITY: QuantityCode(
        own="pulse-wave-velocity", text="Pulse wave velocity, estimated", category=EXAM
    ),
    # Of the statistics that sources mean by it, LOINC codes one only.
    QuantityKind.HEART_RATE_VARIABILITY: QuantityCode(
        own="heart-rate-variability", text="Heart rate variability (RMSSD)"
    ),
    QuantityKind.HEART_RATE_VARIABILITY_SDNN: QuantityCode(
        loinc=(("80404-7", "R-R interval.standard deviation (Heart rate variability)"),),
        text="Heart rate variability (SDNN)",
    ),
    QuantityKind.STEP_COUNT: QuantityCode(
        loinc=(("55423-8", "Number of steps in unspecified time Pedometer"),),
        text="Steps",
        ucum=("{steps}", "steps"),
        category=ACTIVITY,
    ),
    QuantityKind.SLEEP_DURATION: QuantityCode(
        loinc=(("93832-4", "Sleep duration"),), text="Sleep duration", category=ACTIVITY
    ),
    QuantityKind.DEEP_SLEEP_DURATION: QuantityCode(
        loinc=(("93831-6", "Deep sleep duration"),), text="Deep sleep", category=ACTIVITY
    ),
    QuantityKind.LIGHT_SLEEP_DURATION: QuantityCode(
        loinc=(("93830-8", "Light sleep duration"),), text="Light sleep", category=ACTIVITY
    ),
    QuantityKind.REM_SLEEP_DURATION: QuantityCode(
        loinc=(("93829-0", "REM sleep duration"),), text="REM sleep", category=ACTIVITY
    ),
}

OBSERVATION_KEYS = frozenset((row.panel or row).key for row in QUANTITY_CODES.values())
"""What names an Observation among those of one reading."""

# How units are written for people; the UCUM code stands beside it.
UNIT_NAMES: dict[Unit, str] = {
    Unit.MM_HG: "mmHg",
    Unit.PER_MINUTE: "beats/minute",
    Unit.KILOGRAM: "kg",
    Unit.POUND: "lb",
    Unit.CENTIMETRE: "cm",
    Unit.INCH: "in",
    Unit.KILOGRAM_PER_SQUARE_METRE: "kg/m2",
    Unit.PERCENT: "%",
    Unit.KILOCALORIE_PER_DAY: "kcal/day",
    Unit.OHM: "ohm",
    Unit.ONE: "1",
    Unit.CELSIUS: "°C",
    Unit.FAHRENHEIT: "°F",
    Unit.MILLIGRAM_PER_DECILITRE: "mg/dL",
    Unit.MILLIMOLE_PER_LITRE: "mmol/L",
    Unit.METRE_PER_SECOND: "m/s",
    Unit.MILLISECOND: "ms",
    Unit.MINUTE: "min",
    Unit.SECOND: "s",
}
