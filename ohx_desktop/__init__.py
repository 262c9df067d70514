"""OHX Desktop: a device's reading, confirmed by a person, delivered to the clinic's EHR."""

__version__ = "0.1.0"
