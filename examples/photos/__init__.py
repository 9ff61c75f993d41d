"""Photos as they come: drawn garments in twelve situations, and what the runtime makes of them.

    python -m examples.photos

writes docs/figures/photos.png and the table in docs/photos.md.
"""
