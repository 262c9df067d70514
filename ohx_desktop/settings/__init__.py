"""Settings: what they may be (model) and where each value came from (layers)."""
