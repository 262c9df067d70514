"""The files of a profile: how the encrypted ones are opened, and what a write guarantees."""
