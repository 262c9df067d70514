"""PnP ID (0x2A50): the numbers of vendor and product.

Source: Device Information Service 1.2; GATT Specification Supplement, PnP ID.
"""

from dataclasses import dataclass

_LENGTH = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class PnpId:
    """`vendor_source` tells whose number the vendor's is: 1 Bluetooth SIG, 2 USB-IF."""

    vendor_source: int
    vendor_id: int
    product_id: int
    product_version: int


def decode_pnp_id(raw: bytes) -> PnpId | None:
    """Return the numbers, or None for a wrong length, as devices with nothing to say send it."""
    if len(raw) != _LENGTH:
        return None
    vendor, product, version = (int.from_bytes(raw[at : at + 2], "little") for at in (1, 3, 5))
    return PnpId(
        vendor_source=raw[0], vendor_id=vendor, product_id=product, product_version=version
    )
