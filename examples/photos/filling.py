"""Writing measured tables into docs/photos.md, between the marks that name them."""

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def fill_in(name: str, table: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->``.

    Raises:
        ValueError: The page has no such marks.
    """
    page = DOCS / "photos.md"
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(start)
    if not found or end not in rest:
        raise ValueError(f"{page} has no place for the table {name!r}")
    page.write_text(before + start + table + rest[rest.index(end) :], encoding="utf-8")
