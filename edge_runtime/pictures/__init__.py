"""From pictures of any kind to raw pixels of the model's size."""
