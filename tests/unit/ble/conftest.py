"""The drivers are tested against the devices that the families' own tests are written with."""

import sys
from pathlib import Path

for _family in ("ble_beurer", "ble_omron"):
    sys.path.append(str(Path(__file__).parents[1] / _family))
