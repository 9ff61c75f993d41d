"""From data to a trained Keras classifier in a run folder."""
