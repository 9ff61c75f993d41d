r"""Nothing that a file says may command the terminal.

Labels, names of files and the runtimes' own messages come from whoever made the file. So whatever a
command prints passes here, and characters that a terminal would obey are shown as ``\u001b``
instead, which is also how JSON writes them.
"""

import contextlib
import re
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

# Control characters but tab, line feed and carriage return; marks that turn the direction of
# writing; halves of characters. Clearing the rest of a line is let through: our progress needs it,
# and it cannot hide what was printed before.
_OBEYED = re.compile(
    "\x1b(?!\\[K)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def to_plain(text: str) -> str:
    """Show characters that a terminal would obey as escapes."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class PlainStream:
    """A text stream that writes plain text to another one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write `text`; what the terminal's encoding lacks is shown as an escape too."""
        plain = to_plain(text)
        try:
            return self._stream.write(plain)
        except UnicodeEncodeError:
            encoding = self._stream.encoding
            return self._stream.write(plain.encode(encoding, "backslashreplace").decode(encoding))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def plain_output() -> Iterator[None]:
    """Let standard output and standard error pass through `PlainStream`."""
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, PlainStream(stream)) for stream in streams)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
