"""What is so at a site, what happened there, and what to hand over: for the operator, touching nothing."""
