"""The pages for the administrator: check the EHR, look at a mapping. They know no service."""
