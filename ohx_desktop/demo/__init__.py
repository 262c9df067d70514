"""The demo: the real program on virtual devices and an embedded sandbox EHR."""
