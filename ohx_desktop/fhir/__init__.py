"""FHIR: the pure mapping of a submission to a transaction, and the client of the EHR."""
