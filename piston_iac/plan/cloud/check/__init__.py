"""The cloud's check of itself: which machines, networks, volumes it makes, and what of them has to work."""
