"""Makes the client of the EHR without stopping the event loop for its import."""

import asyncio
from typing import TYPE_CHECKING

from ohx_desktop.transport import HttpClient

if TYPE_CHECKING:
    from ohx_desktop.fhir.client import EhrClient
    from ohx_desktop.fhir.plan import VersionChoice


async def connect_ehr(
    http: HttpClient,
    base_url: str,
    *,
    patient_identifier_system: str | None = None,
    fhir_version: "VersionChoice" = "auto",
) -> "EhrClient":
    """Return a client for the EHR at `base_url`; nothing is sent yet."""

    def build() -> "EhrClient":
        from ohx_desktop.fhir.client import EhrClient

        return EhrClient(
            http,
            base_url,
            patient_identifier_system=patient_identifier_system,
            fhir_version=fhir_version,
        )

    return await asyncio.to_thread(build)
