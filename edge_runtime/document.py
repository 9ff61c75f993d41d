"""Frozen dataclasses to and from JSON documents, with errors that name the place.

Only what the contract needs: nested dataclasses, ``tuple[X, ...]``, ``X | None``, ``Literal`` and
the JSON scalars. Unknown keys are passed over, so that a later minor addition to a document does
not break a device; wrong types and missing keys are refused.
"""

import dataclasses
import json
import math
import types
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from edge_runtime.errors import MetadataError

T = TypeVar("T")


def to_document(value: Any) -> Any:
    """Turn a dataclass (or a tuple or scalar inside one) into plain JSON types."""
    if dataclasses.is_dataclass(value):
        return {
            field.name: to_document(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, tuple | list):
        return [to_document(item) for item in value]
    return value


def to_json(value: Any) -> str:
    """Serialize a dataclass; the same value always gives the same bytes."""
    return json.dumps(to_document(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_ascii_json(value: Any) -> str:
    """Serialize a dataclass for a pipe, whose encoding need not hold every character.

    Names of files may hold bytes that are no UTF-8; these arrive as they were.
    """
    return json.dumps(to_document(value), allow_nan=False)


def from_json(cls: type[T], text: str | bytes, where: str) -> T:
    """Parse a JSON document into `cls`.

    Args:
        cls: The dataclass that the document describes.
        text: The document, as text or UTF-8 bytes.
        where: What the document is, for messages, such as ``"spec.json"``.

    Raises:
        MetadataError: The text is no JSON, a key is missing or a value has the wrong type.
    """
    return from_document(cls, parse_json(text, where), where)


def parse_json(text: str | bytes, where: str) -> Any:
    """Parse a JSON document as it is; see `from_json`.

    Raises:
        MetadataError: The text is no JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MetadataError(f"{where} is not valid JSON: {error}") from error


def from_document(cls: type[T], document: Any, where: str) -> T:
    """Build `cls` from parsed JSON; see `from_json`."""
    return cast(T, _decode(cls, document, where))


def _decode(hint: Any, value: Any, where: str) -> Any:
    origin = get_origin(hint)
    if dataclasses.is_dataclass(hint):
        return _decode_dataclass(cast(type[Any], hint), value, where)
    if origin is Literal:
        if value not in get_args(hint) or isinstance(value, bool):
            raise _wrong(where, " or ".join(map(repr, get_args(hint))), value)
        return value
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        (inner,) = (arm for arm in get_args(hint) if arm is not type(None))
        return _decode(inner, value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise _wrong(where, "a list", value)
        item = get_args(hint)[0]
        return tuple(_decode(item, entry, f"{where}[{i}]") for i, entry in enumerate(value))
    return _decode_scalar(hint, value, where)


def _decode_dataclass(cls: type[Any], value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(where, "an object", value)
    hints = get_type_hints(cls)
    arguments = {}
    for field in dataclasses.fields(cls):
        if field.name in value:
            arguments[field.name] = _decode(
                hints[field.name], value[field.name], f"{where}: {field.name}"
            )
        elif field.default is dataclasses.MISSING:
            raise MetadataError(f"{where}: the key {field.name!r} is missing")
    try:
        return cls(**arguments)
    except MetadataError as error:
        raise type(error)(f"{where}: {error}") from error


def _decode_scalar(hint: type, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            value = float(value)
        except OverflowError:
            raise _wrong(where, "a finite number", value) from None
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise _wrong(where, {str: "text", int: "a whole number"}.get(hint, hint.__name__), value)
    if isinstance(value, float) and not math.isfinite(value):
        raise _wrong(where, "a finite number", value)
    return value


def _wrong(where: str, expected: str, value: Any) -> MetadataError:
    found = repr(value)
    if len(found) > 60:
        found = found[:57] + "..."
    return MetadataError(f"{where}: expected {expected}, found {found}")
