"""How can an RMCP+ exchange fail? Without names of devices; the driver above adds those."""

from __future__ import annotations


class NoAnswer(Exception):
    """Nothing came back before the deadline, or the run was told to stop."""


class LoginRefused(Exception):
    """User, password or privilege is wrong; the text says which. Must not be tried again."""


class Busy(Exception):
    """The BMC answers but has no free session."""


class Unsupported(Exception):
    """The BMC speaks no cipher suite of ours, or answers outside of the specification."""
