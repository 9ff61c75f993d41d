"""The published form of ``results.json``, derived from the types that write it.

``python -m benchmarks schema`` prints it; the copy beside this file is what others validate with.
"""

import dataclasses
import inspect
import re
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from benchmarks.results import SCHEMA_VERSION, Results

PUBLISHED = Path(__file__).with_name("results.schema.json")
_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
}


def build_schema() -> dict[str, Any]:
    """Build the JSON Schema (draft 2020-12) of ``results.json``."""
    definitions: dict[str, Any] = {}
    _define(Results, definitions)
    definitions["Results"]["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Results of python -m benchmarks",
        "description": "Times are nanoseconds, sizes bytes, shares fractions.",
        "$ref": "#/$defs/Results",
        "$defs": dict(sorted(definitions.items())),
    }


def _define(cls: type[Any], definitions: dict[str, Any]) -> dict[str, Any]:
    name = cls.__name__
    if name not in definitions:
        definitions[name] = {}  # Taken now, so that a type that holds itself ends.
        hints = get_type_hints(cls)
        definitions[name] = {
            "type": "object",
            "description": (cls.__doc__ or "").strip().partition("\n")[0],
            "properties": {
                field.name: _describe(hints[field.name], definitions) | _explain(cls, field.name)
                for field in dataclasses.fields(cls)
            },
            # What has a default may be missing: an older toolkit did not write it.
            "required": [
                field.name
                for field in dataclasses.fields(cls)
                if field.default is dataclasses.MISSING
            ],
        }
    return {"$ref": f"#/$defs/{name}"}


def _explain(cls: type[Any], attribute: str) -> dict[str, str]:
    """What the docstring says of an attribute: the schema's readers have no sources at hand."""
    listed = inspect.cleandoc(cls.__doc__ or "").partition("Attributes:\n")[2]
    found = re.search(rf"^    {attribute}: (.+(?:\n     .+)*)", listed, re.MULTILINE)
    return {"description": " ".join(found.group(1).split())} if found else {}


def _describe(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin = get_origin(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _define(hint, definitions)
    if origin is Literal:
        return {"enum": list(get_args(hint))}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_describe(arm, definitions) for arm in get_args(hint)]}
    if hint is type(None):
        return {"type": "null"}
    if origin is tuple:
        return {"type": "array", "items": _describe(get_args(hint)[0], definitions)}
    return _SCALARS[hint]
