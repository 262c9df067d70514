"""Which composition belongs to which weight, and which values of a Beurer scale are worth keeping.

The scale sends the weight (0x2A9D, with time and user) and then the composition (0x2A9C, with
neither): it belongs to the weight just before it on the same connection. A composition with a zero
in it, or with a lean mass that is the whole weight, was not measured: shoes, or a record of which
only the profile was computed. Then the weight alone is kept.

All but the weight is the scale's estimate from the profile of its user, and worth nothing with
somebody else's.

Sources: BF600 Data Form v002 (printed by the maker); captures of BF720, BF788, SBF73 and BF1000.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ohx_desktop.ble.assigned_numbers import BODY_COMPOSITION_MEASUREMENT, WEIGHT_MEASUREMENT
from ohx_desktop.ble.codec.body_composition import BodyComposition, decode_body_composition
from ohx_desktop.ble.codec.body_composition_values import belong_together, quantities_of_both
from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.codec.weight_scale import WeightMeasurement, decode_weight_measurement
from ohx_desktop.ble.codec.weight_scale_values import quantities_of
from ohx_desktop.ble.scale_record import ScaleRecord
from ohx_desktop.domain.errors import DecodingError
from ohx_desktop.domain.quantity import Quantity


def was_measured(weight: WeightMeasurement, composition: BodyComposition) -> bool:
    """Tell whether a composition says anything of the body, rather than of its profile alone."""
    parts = (
        composition.body_fat,
        composition.muscle_percentage,
        composition.body_water_mass,
        composition.impedance,
    )
    has_all = all(parts) and not composition.is_one_of_two
    return has_all and composition.soft_lean_mass != weight.weight


def quantities_of_weighing(
    weight: WeightMeasurement, composition: BodyComposition | None
) -> tuple[Quantity, ...]:
    """Return the quantities of a weight and, where it was measured, of its composition.

    Raises MeasurementFailed, Implausible.
    """
    if composition is None or not was_measured(weight, composition):
        return quantities_of(weight)
    return quantities_of_both(weight, composition)


def without_estimates(weight: WeightMeasurement) -> WeightMeasurement:
    """Return the weight without what belongs to the profile of the scale's user."""
    return replace(weight, body_mass_index=None, height=None)


@dataclass(slots=True, kw_only=True)
class Weighings:
    """Joins the measurements of one connection to records and refusals.

    With `keeps_estimates` false only weights are told: what the scale computes is from the profile
    of its user, who is not the person on it. Records of other users than `only_user` are dropped.
    """

    keeps_estimates: bool
    only_user: int | None = None
    _waiting: tuple[bytes, WeightMeasurement] | None = None
    _told: set[tuple[object, ...]] = field(default_factory=set)

    def add(self, characteristic: str, value: bytes) -> Iterator[ScaleRecord | DecodingError]:
        """Take a value and yield what it completes; values of other characteristics are ignored."""
        if characteristic == WEIGHT_MEASUREMENT:
            yield from self.close()
            try:
                weight = decode_weight_measurement(value)
            except DecodingError as error:
                yield error.about(value)
                return
            if self.keeps_estimates:
                self._waiting = value, weight
            else:
                yield from self._tell((value,), without_estimates(weight), None)
        elif characteristic == BODY_COMPOSITION_MEASUREMENT and self._waiting is not None:
            (frame, weight), self._waiting = self._waiting, None
            yield from self._complete(frame, weight, value)

    def close(self) -> Iterator[ScaleRecord | DecodingError]:
        """Yield the weight that still waits for a composition, alone."""
        if self._waiting is not None:
            (frame, weight), self._waiting = self._waiting, None
            yield from self._tell((frame,), weight, None)

    def _complete(
        self, frame: bytes, weight: WeightMeasurement, value: bytes
    ) -> Iterator[ScaleRecord | DecodingError]:
        composition = None
        try:
            composition = decode_body_composition(value)
        except DecodingError as error:
            yield error.about(value)
        if composition is not None and belong_together(weight, composition):
            yield from self._tell((frame, value), weight, composition)
        else:
            yield from self._tell((frame,), weight, None)

    def _tell(
        self,
        frames: tuple[bytes, ...],
        weight: WeightMeasurement,
        composition: BodyComposition | None,
    ) -> Iterator[ScaleRecord | DecodingError]:
        """Yield the record; the copy that the memory keeps of a live one is told once only."""
        key = (weight.timestamp or frames, weight.user_id, weight.weight)
        if key in self._told or self._is_of_another(weight):
            return
        self._told.add(key)
        try:
            quantities = quantities_of_weighing(weight, composition)
        except DecodingError as error:
            yield error.about(*frames)
            return
        yield ScaleRecord(
            frames=frames,
            measured=Measured(
                quantities=quantities,
                has_time=weight.has_time,
                timestamp=weight.timestamp,
                user_id=weight.user_id,
            ),
        )

    def _is_of_another(self, weight: WeightMeasurement) -> bool:
        return None not in {self.only_user, weight.user_id} and weight.user_id != self.only_user
