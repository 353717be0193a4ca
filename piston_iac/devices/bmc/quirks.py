"""In what do certain BMCs differ from the specification? Data; each entry has a test."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quirks:
    """`keeps_boot_valid_bit` False: boot flags read back with their device, but never marked valid."""

    keeps_boot_valid_bit: bool = True


# By manufacturer and product number of Get Device ID.
_KNOWN = {
    # ipmi_sim of OpenIPMI 2.0.33, with the numbers of its example configuration.
    (0x1291, 0x0F02): Quirks(keeps_boot_valid_bit=False),
}


def quirks_of(manufacturer: int, product: int) -> Quirks:
    """Quirks of that model; none for models that we do not know."""
    return _KNOWN.get((manufacturer, product), Quirks())
