"""What a cuff's EEPROM record means: the same quantities and flags as a standard measurement.

A record becomes a `BloodPressureMeasurement` first, so that one set of rules judges both.
"""

from decimal import Decimal

from ohx_desktop.ble.codec.blood_pressure import BloodPressureMeasurement, Status
from ohx_desktop.ble.codec.blood_pressure_values import flags_of, quantities_of
from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.codec.sfloat import SpecialValue
from ohx_desktop.ble.omron.memory_map import MemoryMap
from ohx_desktop.ble.omron.record import CuffRecord
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import Unit


def measurement_of(
    record: CuffRecord, memory: MemoryMap, *, user: int | None
) -> BloodPressureMeasurement:
    """Return the record as a measurement; `user` is whose ring it lay in, None where not known.

    Devices keep no mean pressure. A clear cuff bit tells of a bad fit only on models known to use
    it; the position bits mean other things on other models and are left alone.
    """
    status = Status(0)
    if record.movement:
        status |= Status.BODY_MOVED
    if record.irregular:
        status |= Status.IRREGULAR_PULSE
    if record.cuff_fit is False and memory.reports_fit:
        status |= Status.CUFF_TOO_LOOSE
    return BloodPressureMeasurement(
        unit=Unit.MM_HG,
        systolic=Decimal(record.systolic),
        diastolic=Decimal(record.diastolic),
        mean_arterial=SpecialValue.NOT_A_NUMBER,
        has_time=True,
        timestamp=record.timestamp,
        pulse_rate=Decimal(record.pulse),
        user_id=user,
        status=int(status),
    )


def measured_of(record: CuffRecord, memory: MemoryMap, *, user: int | None) -> Measured:
    """Return the record's meaning. Raises MeasurementFailed, Implausible."""
    measurement = measurement_of(record, memory, user=user)
    flags = flags_of(measurement)
    return Measured(
        quantities=quantities_of(measurement),
        flags=flags | {Flag.CUFF_FIT_OK} if record.cuff_fit else flags,
        has_time=True,
        timestamp=record.timestamp,
        user_id=user,
        sequence=record.sequence,
    )
