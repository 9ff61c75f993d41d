"""Whether a run is there already; asked before anything slow is loaded."""

from pathlib import Path

from edge_runtime.document import to_document
from train.errors import RunError
from train.run_folder import RunIdentity, RunRecord, load_record


def find_complete_run(folder: Path, identity: RunIdentity) -> RunRecord | None:
    """Return the record of a complete run that did just what is asked; None where there is none.

    Raises:
        RunError: Another run, or something else, stands at that place.
    """
    record = load_record(folder)
    if record is None or record.identity == identity:
        return record
    differences = ", ".join(_differences(record.identity, identity))
    raise RunError(
        f"{folder} holds a run made otherwise ({differences}). Choose another place with --run, "
        "or replace it with --force."
    )


def _differences(stood: RunIdentity, asked: RunIdentity) -> list[str]:
    if stood.data_sha256 != asked.data_sha256:
        return [f"data set {stood.dataset} with other pictures, or split otherwise"]
    old, new = to_document(stood.settings), to_document(asked.settings)
    old |= {"data set": stood.dataset, "input": to_document(stood.input)}
    new |= {"data set": asked.dataset, "input": to_document(asked.input)}
    found = []
    for key, value in old.items():
        if isinstance(value, dict):
            found += [
                f"{key}.{inner} {was} instead of {new[key][inner]}"
                for inner, was in value.items()
                if was != new[key][inner]
            ]
        elif value != new[key]:
            found.append(f"{key} {value} instead of {new[key]}")
    return found
