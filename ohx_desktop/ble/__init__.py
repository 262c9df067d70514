"""Bluetooth LE: bytes to Readings.

`codec` and `memory` are pure; `drivers` and `session` talk through the ports in `link`; bleak is
known to `radio` and the `bleak_` modules alone.
"""
