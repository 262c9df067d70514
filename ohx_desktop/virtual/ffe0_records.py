"""Records and users of the FFE0 scales, as they stand in frames: everything high byte first.

Written from captures and working open programs, and on purpose not from this program's decoders.
"""

import struct
from dataclasses import dataclass
from decimal import Decimal

HALF = 11
"""A record of 22 bytes travels in two parts."""

_KILOGRAM_STEP = Decimal("0.05")
_TENTH = Decimal("0.1")
LIVE_TIME_BIT = 0x8000_0000
"""Set by the BF800 in the time of a live result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ffe0User:
    """A person the scale knows. `uid`: eight bytes chosen by the program that made the user."""

    uid: bytes
    name: bytes = b"T  "
    birth_year: int = 1975
    birth_month: int = 1
    birth_day: int = 1
    height_cm: int = 178
    is_male: bool = True
    activity: int = 3

    def details(self) -> bytes:
        """Return the body data of the details reply; the month counts from 0."""
        sex_and_activity = (0x80 if self.is_male else 0) | self.activity
        born = (self.birth_year - 1900, self.birth_month - 1, self.birth_day)
        return self.name + bytes((*born, self.height_cm, sex_and_activity))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ffe0Record:
    """One weighing. `epoch_s`: UTC seconds. Without bare feet or a known person all else is 0."""

    epoch_s: int
    weight_kg: Decimal
    impedance_ohm: int = 0
    fat_percent: Decimal = Decimal(0)
    water_percent: Decimal = Decimal(0)
    muscle_percent: Decimal = Decimal(0)
    bone_kg: Decimal = Decimal(0)
    bmr_kcal: int = 0
    amr_kcal: int = 0
    bmi: Decimal = Decimal(0)

    def encode(self, *, time_bits: int = 0) -> bytes:
        """Return the 22 bytes of a stored record or a live result."""
        return struct.pack(
            ">I9H",
            self.epoch_s | time_bits,
            weight_steps(self.weight_kg),
            self.impedance_ohm,
            _tenths(self.fat_percent),
            _tenths(self.water_percent),
            _tenths(self.muscle_percent),
            weight_steps(self.bone_kg),
            self.bmr_kcal,
            self.amr_kcal,
            _tenths(self.bmi),
        )

    def encode_unknown(self) -> bytes:
        """Return the 8 bytes of a record that belongs to nobody the scale knows."""
        return struct.pack(">IHH", self.epoch_s, weight_steps(self.weight_kg), self.impedance_ohm)


def weight_steps(weight_kg: Decimal) -> int:
    """Return a weight in steps of 50 g."""
    return int((weight_kg / _KILOGRAM_STEP).to_integral_value())


def _tenths(value: Decimal) -> int:
    return int((value / _TENTH).to_integral_value())


def record_of(
    weight_kg: Decimal, *, epoch_s: int, user: Ffe0User | None, has_bare_feet: bool
) -> Ffe0Record:
    """Return a plausible record; who is not known or wears socks gets no estimates."""
    impedance_ohm = 437 if has_bare_feet else 0
    if user is None or not has_bare_feet:
        return Ffe0Record(epoch_s=epoch_s, weight_kg=weight_kg, impedance_ohm=impedance_ohm)
    height_m = Decimal(user.height_cm) / 100
    return Ffe0Record(
        epoch_s=epoch_s,
        weight_kg=weight_kg,
        impedance_ohm=impedance_ohm,
        fat_percent=Decimal("22.3"),
        water_percent=Decimal("52.1"),
        muscle_percent=Decimal("39.7"),
        bone_kg=Decimal("11.65"),
        bmr_kcal=1815,
        amr_kcal=2722,
        bmi=(weight_kg / height_m**2).quantize(_TENTH),
    )
