"""Bluetooth LE: bytes to Readings.

`codec` and `memory` are pure; `drivers` and `session` talk through the ports in `link`; `radio` is
the only module that knows bleak.
"""
