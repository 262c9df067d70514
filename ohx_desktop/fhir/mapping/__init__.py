"""Submission to FHIR transaction Bundle: R5, and of that the R4 form. Pure."""

from ohx_desktop.fhir.mapping.bundle import transaction_bundle
from ohx_desktop.fhir.mapping.r4 import as_r4
from ohx_desktop.fhir.mapping.rules import BUILT_IN, MappingRules

__all__ = ["BUILT_IN", "MappingRules", "as_r4", "transaction_bundle"]
