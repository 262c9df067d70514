"""Review: what a person's confirmation adds to a reading. Pure."""
