"""One file per device family: which characteristics, in which order."""
