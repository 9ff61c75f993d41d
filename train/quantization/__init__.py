"""Training with int8 in the loop: the tail of a run."""
