"""BMCs: one protocol, one driver for IPMI."""
