"""An embedded FHIR R5 server with invented patients."""
