"""The control plane: who hosts it, its services as data, and the next step toward what is wanted. Pure."""
