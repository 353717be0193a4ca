"""The stack file, parsed once: what one site is supposed to be."""
