"""Cloud services (Withings, Google Health): accounts, tokens and their readings."""
