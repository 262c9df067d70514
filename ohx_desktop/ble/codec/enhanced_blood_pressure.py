"""Enhanced Blood Pressure Measurement (0x2B34) of Blood Pressure Service 1.1.

The same parts as 0x2A35, with times as seconds of an epoch: one in UTC, one as the device shows it.

Source: Blood Pressure Service 1.1.1; GATT Specification Supplement, Enhanced Blood Pressure
Measurement.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ohx_desktop.ble.codec.blood_pressure import BloodPressureMeasurement
from ohx_desktop.ble.codec.frame import FrameReader
from ohx_desktop.ble.codec.sfloat import decode_sfloat
from ohx_desktop.domain.quantity import Unit

_KILOPASCAL = 0b0000_0001
_HAS_TIME = 0b0000_0010
_HAS_PULSE = 0b0000_0100
_HAS_USER = 0b0000_1000
_HAS_STATUS = 0b0001_0000
_HAS_USER_FACING_TIME = 0b0010_0000
_EPOCH_2000 = 0b0100_0000
_RESERVED = 0b1000_0000

_UNKNOWN_USER = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class EnhancedBloodPressureMeasurement:
    """The parts of one 0x2B34 value, as sent.

    `plain` has the parts of a 0x2A35 value; its time is the one the device shows, which is on no
    time zone. `timestamp_utc` is aware, None where not sent.
    """

    plain: BloodPressureMeasurement
    timestamp_utc: datetime | None


def decode_enhanced_blood_pressure(frame: bytes) -> EnhancedBloodPressureMeasurement:
    """Decode a 0x2B34 value. Raises Truncated, TrailingBytes, Unsupported."""
    reader = FrameReader("Enhanced Blood Pressure Measurement", frame)
    flags = reader.u8()
    epoch = datetime(2000 if flags & _EPOCH_2000 else 1900, 1, 1, tzinfo=UTC)
    systolic, diastolic, mean_arterial = (decode_sfloat(reader.u16()) for _ in range(3))
    utc = epoch + timedelta(seconds=reader.u32()) if flags & _HAS_TIME else None
    pulse_rate = decode_sfloat(reader.u16()) if flags & _HAS_PULSE else None
    user_id = reader.u8() if flags & _HAS_USER else None
    status = reader.u16() if flags & _HAS_STATUS else None
    has_shown = bool(flags & _HAS_USER_FACING_TIME)
    shown = epoch + timedelta(seconds=reader.u32()) if has_shown else None
    reader.finish(reserved=flags & _RESERVED)
    return EnhancedBloodPressureMeasurement(
        plain=BloodPressureMeasurement(
            unit=Unit.KILOPASCAL if flags & _KILOPASCAL else Unit.MM_HG,
            systolic=systolic,
            diastolic=diastolic,
            mean_arterial=mean_arterial,
            has_time=has_shown,
            timestamp=shown.replace(tzinfo=None) if shown else None,
            pulse_rate=pulse_rate,
            user_id=None if user_id == _UNKNOWN_USER else user_id,
            status=status,
        ),
        timestamp_utc=utc,
    )
