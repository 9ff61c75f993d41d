"""Accuracy, latency, memory and size of artifacts on this machine's runtimes."""
