"""Timing a classifier on this machine, and whether the figures may be trusted."""
