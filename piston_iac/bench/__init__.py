"""What the product measures of itself. Each module prints JSON."""
