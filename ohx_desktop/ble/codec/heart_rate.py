"""Heart Rate Measurement (0x2A37): a stream of rates, never a result by itself.

Source: Heart Rate Service 1.0; GATT Specification Supplement, Heart Rate Measurement.
"""

from dataclasses import dataclass

from ohx_desktop.ble.codec.frame import FrameReader

_RATE_IS_U16 = 0b0000_0001
_CONTACT_DETECTED = 0b0000_0010
_CONTACT_SUPPORTED = 0b0000_0100
_HAS_ENERGY = 0b0000_1000
_HAS_INTERVALS = 0b0001_0000
_RESERVED = 0b1110_0000


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartRateMeasurement:
    """The parts of one 0x2A37 value: rate in /min, energy in kJ, RR intervals in 1/1024 s.

    `has_contact` is None where the sensor cannot tell. Intervals are oldest first.
    """

    rate: int
    has_contact: bool | None
    energy_kj: int | None
    rr_intervals_1024: tuple[int, ...]


def decode_heart_rate_measurement(frame: bytes) -> HeartRateMeasurement:
    """Decode a 0x2A37 value. Raises Truncated, TrailingBytes, Unsupported."""
    reader = FrameReader("Heart Rate Measurement", frame)
    flags = reader.u8()
    rate = reader.u16() if flags & _RATE_IS_U16 else reader.u8()
    energy = reader.u16() if flags & _HAS_ENERGY else None
    intervals = []
    if flags & _HAS_INTERVALS:
        # As many as there are, and at least one.
        intervals.append(reader.u16())
        while reader.left:
            intervals.append(reader.u16())
    reader.finish(reserved=flags & _RESERVED)
    return HeartRateMeasurement(
        rate=rate,
        has_contact=bool(flags & _CONTACT_DETECTED) if flags & _CONTACT_SUPPORTED else None,
        energy_kj=energy,
        rr_intervals_1024=tuple(intervals),
    )
