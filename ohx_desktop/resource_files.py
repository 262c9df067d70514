"""Where the program's own files lie: fonts, icons, the FHIR schema.

They are `ohx_desktop/_resources` in an installed or packaged program, and `resources` beside the
package in a checkout.
"""

from functools import cache
from pathlib import Path


@cache
def resources() -> Path:
    """Return the folder of the program's own files."""
    package = Path(__file__).resolve().parent
    installed = package / "_resources"
    return installed if installed.is_dir() else package.parent / "resources"


def resource(name: str) -> Path:
    """Return the path of the file `name` ("fhir/r5.schema.json").

    Raises FileNotFoundError, which tells the name and no path of this computer.
    """
    file = resources() / name
    if not file.is_file():
        raise FileNotFoundError(f"{name} is not part of this installation")
    return file
