"""Virtual devices and a sandbox EHR: for the demo, for training and for tests."""
