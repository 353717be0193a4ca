"""Programs of the control plane that nodes run: for the operator, and to become a member again."""
