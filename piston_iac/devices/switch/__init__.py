"""Switches: one protocol, one driver for OVSDB."""
