"""Withings: measurements, sleep, activity and devices of an account, by the Withings API."""
