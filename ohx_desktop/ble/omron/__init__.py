"""Omron's own protocols: the records in a device's EEPROM, and its additions to the services.

Pure: no I/O, no event loop, no clock. What must be said to a device is told by generators
(`dialogue`), so that any link can carry it. Omron publishes no specification; the facts come from
public captures, and each model says how sure they are (`ble.support`).
"""
