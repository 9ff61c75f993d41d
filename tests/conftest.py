"""What all tests share."""

from hypothesis import settings

# A busy machine must not fail a test: how long one example takes says nothing about the code.
settings.register_profile("default-without-deadline", deadline=None)
settings.load_profile("default-without-deadline")
