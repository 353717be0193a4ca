"""The `piston` command: one module per subcommand."""
