"""The pages before anybody works here: who, the PIN, the EHR's own sign-in."""
