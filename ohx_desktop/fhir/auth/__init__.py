"""How this workstation proves to the EHR who it is, and who its staff are."""
