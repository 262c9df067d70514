"""An embedded FHIR R5 server with invented patients, for demo, training and tests.

Importing this package imports neither aiohttp nor jsonschema; starting the server does, away from
the caller's loop.
"""

from ohx_desktop.virtual.ehr.faults import Fault, Faults, Scope
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr, SandboxHandle, sandbox_ehr_in_thread
from ohx_desktop.virtual.ehr.store import Store, Version

__all__ = [
    "Fault",
    "Faults",
    "SandboxEhr",
    "SandboxHandle",
    "Scope",
    "Store",
    "Version",
    "sandbox_ehr_in_thread",
]
