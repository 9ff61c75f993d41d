"""Run verified, quantized image classifiers on CPU-only devices."""

__version__ = "0.1.0"
