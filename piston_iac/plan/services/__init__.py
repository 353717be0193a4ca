"""What runs on nodes: one module per service says, as data, its files and units."""
