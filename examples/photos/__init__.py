"""Photos as they come: drawn garments in twelve situations, and what the runtime makes of them.

    python -m examples.photos
    python -m examples.photos.grounds

write docs/figures/photos.png and the tables in docs/photos.md.
"""
