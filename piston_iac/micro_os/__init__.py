"""The micro-OS: what it consists of (`recipe/`), how it is built, and where built releases are kept."""
