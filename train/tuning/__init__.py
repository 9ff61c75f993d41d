"""Searching recipe and width for the best accuracy under a budget of the exported file."""
