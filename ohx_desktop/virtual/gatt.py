"""A GATT attribute table as data with handlers: what a virtual device offers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

DEFAULT_MTU = 23
"""Bytes of the smallest ATT MTU: values of up to 20 bytes."""

BASE_UUID = "0000{:04x}-0000-1000-8000-00805f9b34fb"


def uuid16(number: int) -> str:
    """Return the full, lower-case form of a 16-bit UUID."""
    return BASE_UUID.format(number)


class AttError(Exception):
    """An ATT Error Response with its code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"ATT error 0x{code:02x}")
        self.code = code


class Property(StrEnum):
    """What a characteristic allows, in the words BlueZ and bleak use."""

    READ = "read"
    WRITE = "write"
    WRITE_WITHOUT_RESPONSE = "write-without-response"
    NOTIFY = "notify"
    INDICATE = "indicate"


@dataclass(slots=True, kw_only=True, eq=False)
class Characteristic:
    """A characteristic. `handle` is that of its declaration; `AttributeTable` assigns it.

    `is_protected`: read, write and subscription want an encrypted link.
    """

    uuid: str
    properties: frozenset[Property]
    is_protected: bool = False
    on_read: Callable[[], bytes] | None = None
    on_write: Callable[[bytes], None] | None = None
    handle: int = 0

    @property
    def can_subscribe(self) -> bool:
        """Whether it has a Client Characteristic Configuration descriptor."""
        return bool(self.properties & {Property.NOTIFY, Property.INDICATE})

    @property
    def cccd_handle(self) -> int:
        """Handle of its Client Characteristic Configuration descriptor."""
        return self.handle + 2


@dataclass(slots=True, kw_only=True, eq=False)
class Service:
    """A primary service."""

    uuid: str
    characteristics: Sequence[Characteristic]
    handle: int = 0


class AttributeTable:
    """All services of a device, numbered as a GATT server numbers them: from 1, gapless.

    `mtu`: the ATT MTU the device agrees to, in bytes.
    """

    def __init__(self, services: Sequence[Service], *, mtu: int = DEFAULT_MTU) -> None:
        self.services = tuple(services)
        self.mtu = mtu
        self._by_handle: dict[int, Characteristic] = {}
        next_handle = 1
        for service in self.services:
            service.handle = next_handle
            next_handle += 1
            for characteristic in service.characteristics:
                characteristic.handle = next_handle
                self._by_handle[next_handle] = characteristic
                next_handle += 3 if characteristic.can_subscribe else 2

    @property
    def characteristics(self) -> tuple[Characteristic, ...]:
        """Every characteristic, by rising handle."""
        return tuple(self._by_handle.values())

    def at(self, handle: int) -> Characteristic:
        """Return the characteristic declared at `handle`. Raises AttError 0x01."""
        try:
            return self._by_handle[handle]
        except KeyError:
            raise AttError(0x01) from None
