"""Drivers: the only place where the product talks to devices. Each has observe and apply."""
