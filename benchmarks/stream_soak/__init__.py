"""Whether a live stream's memory stays flat: ``python -m benchmarks.stream_soak``."""
