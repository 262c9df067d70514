"""The people who may sign in at this workstation, where the EHR does not sign them in."""
