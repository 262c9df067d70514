"""Bytes of the Bluetooth SIG characteristics to values. Pure: no I/O, no clock."""
