"""Choosing artifact, runtime and threads for this board by measuring them on it."""
