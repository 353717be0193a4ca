"""Pure decisions: (desired, observed) -> changes. No I/O, no clock, no randomness."""
