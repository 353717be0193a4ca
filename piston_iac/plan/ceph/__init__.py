"""The cluster storage: who hosts what, what is wanted, what is seen, what to do next. Pure."""
