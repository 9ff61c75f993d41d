"""Whether our figures agree with those of tools that others wrote and trust."""
