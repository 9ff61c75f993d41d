"""Reading a flatbuffer without trusting a single number in it.

The runtimes follow the offsets inside a ``.tflite`` file without looking whether they stay inside
the file, so a truncated one ends the whole process. This reader follows the same offsets, and
checks each before it uses it. Layout: https://flatbuffers.dev/internals/.

Every fault is a ``ValueError``; who reads a certain kind of file puts it into an error of ours.
"""

import struct

_INT8, _UINT8 = struct.Struct("<b"), struct.Struct("<B")
_UINT16_PAIR = struct.Struct("<HH")
_INT32, _UINT32 = struct.Struct("<i"), struct.Struct("<I")
_UINT64 = struct.Struct("<Q")


class Flatbuffer:
    """The bytes of one flatbuffer.

    Attributes:
        data: The whole file; what follows the flatbuffer does no harm.
    """

    __slots__ = ("_layouts", "_tables_left", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._layouts: dict[int, tuple[int, tuple[int, ...]]] = {}
        # A table and the offset that leads to it take at least 8 bytes, so an honest file holds no
        # more. A hostile one could name the same table a million times over.
        self._tables_left = len(data) // 8 + 16

    def open_root(self) -> "Table":
        """The table that everything else hangs on."""
        return self.table_at(self.follow(0))

    def follow(self, place: int) -> int:
        """Where the offset that stands at `place` leads."""
        if not 0 <= place <= len(self.data) - 4:
            raise ValueError(f"an offset at byte {place}, behind the end of the file")
        (step,) = _UINT32.unpack_from(self.data, place)
        if not 4 <= step <= len(self.data) - 4 - place:
            raise ValueError(f"the offset at byte {place} leads out of the file")
        return place + int(step)

    def table_at(self, place: int) -> "Table":
        """The table at `place`, once it and its layout are known to lie in the file."""
        self._tables_left -= 1
        if self._tables_left < 0:
            raise ValueError("more parts than the file has room for")
        (back,) = _INT32.unpack_from(self.data, place)
        size, slots = self._layout_at(place - back)
        if place + size > len(self.data):
            raise ValueError(f"the table at byte {place} ends behind the end of the file")
        return Table(self, place, size, slots)

    def _layout_at(self, place: int) -> tuple[int, tuple[int, ...]]:
        known = self._layouts.get(place)
        if known is not None:
            return known
        if not 0 <= place <= len(self.data) - 4:
            raise ValueError(f"a table whose layout lies outside the file, at byte {place}")
        own, size = _UINT16_PAIR.unpack_from(self.data, place)
        if own < 4 or own % 2 or place + own > len(self.data) or size < 4:
            raise ValueError(f"the layout at byte {place} makes no sense")
        slots = struct.unpack_from(f"<{own // 2 - 2}H", self.data, place + 4)
        if any(slot and not 4 <= slot < size for slot in slots):
            raise ValueError(f"the layout at byte {place} leads out of its table")
        self._layouts[place] = size, slots
        return size, slots


class Table:
    """One table: its fields by their number in the schema. A field left out has its default."""

    __slots__ = ("_buffer", "_size", "_slots", "place")

    def __init__(self, buffer: Flatbuffer, place: int, size: int, slots: tuple[int, ...]) -> None:
        self._buffer, self.place, self._size, self._slots = buffer, place, size, slots

    def int8(self, field: int, default: int = 0) -> int:
        """A signed byte."""
        return self._number(field, _INT8, default)

    def uint8(self, field: int, default: int = 0) -> int:
        """An unsigned byte."""
        return self._number(field, _UINT8, default)

    def int32(self, field: int, default: int = 0) -> int:
        """A signed number of four bytes."""
        return self._number(field, _INT32, default)

    def uint32(self, field: int, default: int = 0) -> int:
        """An unsigned number of four bytes."""
        return self._number(field, _UINT32, default)

    def uint64(self, field: int, default: int = 0) -> int:
        """An unsigned number of eight bytes."""
        return self._number(field, _UINT64, default)

    def table(self, field: int) -> "Table | None":
        """A table inside this one; None where it is left out."""
        place = self._find(field, 4)
        return None if place is None else self._buffer.table_at(self._buffer.follow(place))

    def tables(self, field: int) -> "list[Table]":
        """A list of tables; empty where it is left out."""
        start, count = self.vector(field, 4)
        buffer = self._buffer
        return [buffer.table_at(buffer.follow(start + 4 * i)) for i in range(count)]

    def vector(self, field: int, item_size: int) -> tuple[int, int]:
        """Where a list of numbers starts and how many it holds; (0, 0) where it is left out."""
        place = self._find(field, 4)
        if place is None:
            return 0, 0
        data, start = self._buffer.data, self._buffer.follow(place)
        (count,) = _UINT32.unpack_from(data, start)
        start += 4
        if count * item_size > len(data) - start:
            raise ValueError(f"a list of {count} entries at byte {start} leads out of the file")
        if start % item_size:
            # Some processors stop a program that reads a number from such a place.
            raise ValueError(f"the list at byte {start} is not aligned to {item_size} bytes")
        return start, int(count)

    def numbers(self, field: int, code: str) -> tuple[int, ...]:
        """A list of numbers of one `struct` format character; empty where it is left out."""
        start, count = self.vector(field, struct.calcsize(code))
        return struct.unpack_from(f"<{count}{code}", self._buffer.data, start) if count else ()

    def text(self, field: int) -> bytes | None:
        """A string as its bytes; None where it is left out."""
        start, count = self.vector(field, 1)
        if not start:
            return None
        data = self._buffer.data
        # Runtimes read on to the zero that ends a string.
        if start + count >= len(data) or data[start + count]:
            raise ValueError(f"the text at byte {start} has no end")
        return data[start : start + count]

    def _number(self, field: int, form: struct.Struct, default: int) -> int:
        place = self._find(field, form.size)
        return default if place is None else form.unpack_from(self._buffer.data, place)[0]

    def _find(self, field: int, size: int) -> int | None:
        slot = self._slots[field] if field < len(self._slots) else 0
        if not slot:
            return None
        if slot + size > self._size:
            raise ValueError(f"field {field} of the table at byte {self.place} is cut off")
        return self.place + slot
