"""Submission to FHIR R5 transaction Bundle. Pure."""
