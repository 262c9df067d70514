"""UUIDs of the service by which an Omron cuff lets a host at its memory."""

from ohx_desktop.virtual.gatt import uuid16

CLASSIC_SERVICE = "ecbe3980-c9a2-11e1-b1bd-0002a5d5c51b"
MODERN_SERVICE = uuid16(0xFE4A)
UNLOCK = "b305b680-aee7-11e1-a730-0002a5d5c51b"
TX = (
    "db5b55e0-aee7-11e1-965e-0002a5d5c51b",
    "e0b8a060-aee7-11e1-92f4-0002a5d5c51b",
    "0ae12b00-aee8-11e1-a192-0002a5d5c51b",
    "10e1ba60-aee8-11e1-89e5-0002a5d5c51b",
)
"""Host to device."""
RX = (
    "49123040-aee8-11e1-a74d-0002a5d5c51b",
    "4d0bf320-aee8-11e1-a0d9-0002a5d5c51b",
    "5128ce60-aee8-11e1-b84b-0002a5d5c51b",
    "560f1420-aee8-11e1-8184-0002a5d5c51b",
)
"""Device to host."""
