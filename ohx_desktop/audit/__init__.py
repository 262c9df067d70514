"""Audit: who did what when, as a chain in which no link can be changed, taken out or put in."""
