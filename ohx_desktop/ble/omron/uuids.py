"""UUIDs of Omron's own services and characteristics, full and lower case."""

from ohx_desktop.ble.assigned_numbers import OMRON_SECURE_SERVICE

CLASSIC_SERVICE = "ecbe3980-c9a2-11e1-b1bd-0002a5d5c51b"
"""Parent service of cuffs that are opened with a key. Hardly ever advertised."""
MODERN_SERVICE = OMRON_SECURE_SERVICE
"""Parent service of cuffs that are opened with a bond of the operating system."""

UNLOCK = "b305b680-aee7-11e1-a730-0002a5d5c51b"
TX = (
    "db5b55e0-aee7-11e1-965e-0002a5d5c51b",
    "e0b8a060-aee7-11e1-92f4-0002a5d5c51b",
    "0ae12b00-aee8-11e1-a192-0002a5d5c51b",
    "10e1ba60-aee8-11e1-89e5-0002a5d5c51b",
)
"""Host to device, in the order of the channels; modern devices have the first only."""
RX = (
    "49123040-aee8-11e1-a74d-0002a5d5c51b",
    "4d0bf320-aee8-11e1-a0d9-0002a5d5c51b",
    "5128ce60-aee8-11e1-b84b-0002a5d5c51b",
    "560f1420-aee8-11e1-8184-0002a5d5c51b",
)
"""Device to host, in the order of the channels; modern devices have the first only."""

EXTENSION_BLOOD_PRESSURE = "c195da8a-0e23-4582-acd8-d446c77c45de"
EXTENSION_WEIGHT = "8ff2ddfb-4a52-4ce5-85a4-d2f97917792a"
EXTENSIONS = (EXTENSION_BLOOD_PRESSURE, EXTENSION_WEIGHT)
"""Measurements of Omron's option service, 5DF5E817-A945-4F81-89C0-3D4E9759C07C."""
