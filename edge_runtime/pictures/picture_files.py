"""Which files of a folder are pictures, and which of them are new."""

from pathlib import Path

from edge_runtime.errors import ImageError, SourceError
from edge_runtime.pictures.photo import PICTURE_SUFFIXES


def list_pictures(folder: Path) -> list[Path]:
    """Return the picture files of a folder by name; hidden ones and sub-folders are passed over.

    Raises:
        ImageError: There are none, or the folder must not be read.
    """
    try:
        found = sorted(path for path in folder.iterdir() if _is_picture(path) and path.is_file())
    except OSError as error:
        raise ImageError(f"{folder}: cannot be read: {error.strerror}") from error
    if not found:
        raise ImageError(
            f"{folder} holds no pictures (looked for {', '.join(sorted(PICTURE_SUFFIXES))}; "
            "sub-folders are not searched)"
        )
    return found


class FolderWatcher:
    """Finds the pictures that are new in a folder, and whole.

    A file counts as whole when it looks the same (size and time of change) in two looks, one
    after the other: whoever is still writing it changes it. An empty file has not been written yet.
    A picture that changes later is new again. Only what lies in the folder is remembered, so the
    memory does not grow with the years.
    """

    def __init__(self, folder: Path, *, existing: bool = False) -> None:
        """Take the first look.

        Args:
            folder: The folder; its sub-folders are not searched.
            existing: Whether pictures that are there already count as new.

        Raises:
            SourceError: There is no such folder, or it must not be read.
        """
        self._folder = folder
        try:
            found = self._look()
        except OSError as error:
            raise SourceError(
                f"{folder} cannot be watched: {error.strerror}; make the folder first, readable "
                "for this user"
            ) from error
        self._last_look = found
        self._handed_out = {} if existing else dict(found)

    def poll(self) -> list[Path]:
        """Look again; the pictures that became whole since the last look, oldest first.

        Raises:
            SourceError: The folder is gone. What was known is kept for when it comes back.
        """
        try:
            found = self._look()
        except OSError as error:
            raise SourceError(f"{self._folder} cannot be read: {error.strerror}") from error
        whole = [
            name
            for name, state in found.items()
            if state == self._last_look.get(name) and state != self._handed_out.get(name)
        ]
        self._last_look = found
        self._handed_out = {n: s for n, s in self._handed_out.items() if n in found}
        self._handed_out |= {name: found[name] for name in whole}
        whole.sort(key=lambda name: (found[name][1], name))
        return [self._folder / name for name in whole]

    def _look(self) -> dict[str, tuple[int, int]]:
        """Size and time of change in nanoseconds, by name.

        No inode: on FAT, which USB sticks have, it changes while the file stays.
        """
        found = {}
        for path in self._folder.iterdir():
            if not _is_picture(path):
                continue
            try:
                status = path.stat()
            except OSError:
                continue  # Deleted meanwhile, or a link to nothing.
            if status.st_size and path.is_file():
                found[path.name] = (status.st_size, status.st_mtime_ns)
        return found


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")
