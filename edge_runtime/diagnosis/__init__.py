"""What a machine is, and what stands in the way of running models on it."""
