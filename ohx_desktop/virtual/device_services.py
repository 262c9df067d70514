"""Services that every kind of virtual device has: who made it, and how full its battery is."""

from collections.abc import Callable

from ohx_desktop.virtual.gatt import AttributeTable, Characteristic, Property, Service, uuid16

_BATTERY_PERCENT = 87
_BATTERY_LEVEL = uuid16(0x2A19)


def readable(number: int, value: Callable[[], bytes] | bytes) -> Characteristic:
    """Return a characteristic that can be read only; `number` is its 16-bit UUID."""
    return Characteristic(
        uuid=uuid16(number),
        properties=frozenset({Property.READ}),
        on_read=value if callable(value) else lambda: value,
    )


def device_information(*, manufacturer: str, model: str, serial: str, firmware: str) -> Service:
    """Return the Device Information Service."""
    texts = {0x2A29: manufacturer, 0x2A24: model, 0x2A25: serial, 0x2A26: firmware}
    characteristics = [readable(number, text.encode()) for number, text in texts.items()]
    return Service(uuid=uuid16(0x180A), characteristics=characteristics)


def set_battery(table: AttributeTable, percent: int) -> None:
    """Have a device tell another battery level from now on, where it tells any."""
    for characteristic in table.characteristics:
        if characteristic.uuid == _BATTERY_LEVEL:
            characteristic.on_read = lambda: bytes((percent,))


def battery() -> Service:
    """Return the Battery Service."""
    level = Characteristic(
        uuid=_BATTERY_LEVEL,
        properties=frozenset({Property.READ, Property.NOTIFY}),
        on_read=lambda: bytes((_BATTERY_PERCENT,)),
    )
    return Service(uuid=uuid16(0x180F), characteristics=[level])
