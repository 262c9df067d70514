"""Submission to FHIR R5 transaction Bundle. Pure."""

from ohx_desktop.fhir.mapping.bundle import transaction_bundle

__all__ = ["transaction_bundle"]
