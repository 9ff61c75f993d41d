"""How right a classifier is on labelled pictures of its owner's."""
