"""The JSON form `ohx.reading/1` of a Reading, both ways.

Values are decimal strings, exactly as measured. Reading back recomputes the id and refuses a file
whose id does not belong to its content: a changed value must not travel under an old name.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import UsageError
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import Original, Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source

SCHEMA = "ohx.reading/1"
_DEVICE_FIELDS = ("manufacturer", "model", "address", "serial", "firmware", "system_id", "udi")


def reading_to_json(reading: Reading) -> dict[str, Any]:
    """Return the `ohx.reading/1` object of a reading."""
    device = reading.device
    period = reading.period_start
    return {
        "schema": SCHEMA,
        "id": str(reading.id),
        "source": reading.source.value,
        "device": {f: getattr(device, f) for f in _DEVICE_FIELDS} if device else None,
        "measured_at": reading.measured_at.isoformat() if reading.measured_at else None,
        "received_at": reading.received_at.isoformat(timespec="milliseconds"),
        "clock": {
            "device": reading.clock.device.isoformat() if reading.clock.device else None,
            "offset_s": reading.clock.offset_s,
            "trust": reading.clock.trust.value,
        },
        "user_slot": reading.user_slot,
        "sequence": reading.sequence,
        "quantities": [_quantity_to_json(q) for q in reading.quantities],
        "flags": sorted(flag.value for flag in reading.flags),
        "stored": reading.stored,
        **({"period_start": period.isoformat()} if period else {}),
        **({"source_id": reading.source_id} if reading.source_id else {}),
    }


def reading_from_json(form: Mapping[str, Any]) -> Reading:
    """Return the Reading of an `ohx.reading/1` object. Raises UsageError when it is not one."""
    if form.get("schema") != SCHEMA:
        raise UsageError(f"this is not a reading of the form {SCHEMA}")
    try:
        reading = _reading(form)
    except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError) as error:
        # The cause may quote a value, so only its kind is told.
        raise UsageError(
            f"a reading in the input is incomplete or wrong ({type(error).__name__})"
        ) from error
    if str(reading.id) != form.get("id"):
        raise UsageError(
            "a reading in the input does not match its own id",
            meaning="it was changed after it was taken, so it was not accepted",
            hint="take the reading again",
        )
    return reading


def _quantity_to_json(quantity: Quantity) -> dict[str, Any]:
    form: dict[str, Any] = {
        "kind": quantity.kind.value,
        "value": format(quantity.value, "f"),
        "unit": quantity.unit.value,
    }
    if quantity.original:
        form["original"] = {
            "value": format(quantity.original.value, "f"),
            "unit": quantity.original.unit.value,
        }
    return form


def _quantity(form: Mapping[str, Any]) -> Quantity:
    original = form.get("original")
    return Quantity(
        kind=QuantityKind(form["kind"]),
        value=_decimal(form["value"]),
        unit=Unit(form["unit"]),
        original=Original(value=_decimal(original["value"]), unit=Unit(original["unit"]))
        if original
        else None,
    )


def _decimal(text: object) -> Decimal:
    if not isinstance(text, str):
        raise TypeError("values are decimal strings")
    return Decimal(text)


def _reading(form: Mapping[str, Any]) -> Reading:
    device, clock, measured = form["device"], form["clock"], form["measured_at"]
    period = form.get("period_start")
    return Reading(
        source=Source(form["source"]),
        device=DeviceIdentity(**{f: device.get(f) for f in _DEVICE_FIELDS}) if device else None,
        measured_at=datetime.fromisoformat(measured) if measured else None,
        received_at=datetime.fromisoformat(form["received_at"]),
        clock=DeviceClock(
            device=datetime.fromisoformat(clock["device"]) if clock["device"] else None,
            offset_s=clock["offset_s"],
            trust=ClockTrust(clock["trust"]),
        ),
        user_slot=form.get("user_slot"),
        sequence=form.get("sequence"),
        quantities=tuple(_quantity(q) for q in form["quantities"]),
        flags=frozenset(Flag(flag) for flag in form["flags"]),
        stored=form["stored"],
        period_start=datetime.fromisoformat(period) if period else None,
        source_id=form.get("source_id"),
    )
