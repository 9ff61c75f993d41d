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

# Control characters but tab and line feed; marks that turn the direction of writing; halves of
# characters.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_CLEAR_LINE = "\r\x1b[K"


def to_plain(text: str) -> str:
    """Show characters that a terminal would obey as escapes."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class PlainStream:
    """A text stream that writes plain text to another one."""

    def __init__(self, stream: TextIO) -> None:
        self.behind = stream

    def write(self, text: str) -> int:
        """Write `text`; what the terminal's encoding lacks is shown as an escape too."""
        plain = to_plain(text)
        try:
            return self.behind.write(plain)
        except UnicodeEncodeError:
            encoding = self.behind.encoding
            return self.behind.write(plain.encode(encoding, "backslashreplace").decode(encoding))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


def clear_line(stream: TextIO) -> None:
    """Empty the terminal's line, past `PlainStream`: the only command that any of ours gives."""
    while isinstance(stream, PlainStream):
        stream = stream.behind
    stream.write(_CLEAR_LINE)


@contextlib.contextmanager
def plain_output() -> Iterator[None]:
    """Let standard output and standard error pass through `PlainStream`."""
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, PlainStream(stream)) for stream in streams)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
