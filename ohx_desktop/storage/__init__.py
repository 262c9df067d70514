"""The encrypted files of a profile: how they are opened, and what they guarantee."""
