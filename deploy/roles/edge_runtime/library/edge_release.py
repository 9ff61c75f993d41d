#!/usr/bin/python
"""Ansible module: build, activate, recover, roll back or prune releases on a board."""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.edge_releases import ReleaseError, Releases

DOCUMENTATION = r"""
module: edge_release
short_description: Releases of edge-runtime in a folder of the board
description: Builds a release with its own virtual environment, switches to it atomically, undoes
  that, goes back to the one before, or removes old ones.
options:
  root: {description: The folder that holds everything., type: path, required: true}
  state:
    description: What shall be true afterwards.
    choices: [built, active, recovered, rolled_back, pruned]
    required: true
    type: str
  release: {description: Its id., type: str}
  digest: {description: The wheelhouse's digest., type: str}
  archive: {description: The wheelhouse's archive on the board., type: path}
  incoming: {description: The folder on the board that holds the copied artifact., type: path}
  files: {description: SHA-256 by file name., type: dict}
  system_site_packages: {description: Let the environment see apt's packages., type: bool}
  compiled: {description: Compile Python files while installing., type: bool}
  before: {description: What active answered as before., type: dict}
  keep: {description: How many releases pruning leaves., type: int}
author: [the authors of edge-runtime]
"""


def main():
    """Read the parameters, do one thing, answer."""
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path", "required": True},
            "state": {
                "choices": ["built", "active", "recovered", "rolled_back", "pruned"],
                "required": True,
            },
            "release": {"type": "str"},
            "digest": {"type": "str"},
            "archive": {"type": "path"},
            "incoming": {"type": "path"},
            "files": {"type": "dict"},
            "system_site_packages": {"type": "bool", "default": False},
            "compiled": {"type": "bool", "default": True},
            "before": {"type": "dict"},
            "keep": {"type": "int", "default": 3},
        },
        required_if=[
            ("state", "built", ("release", "digest", "archive", "incoming", "files")),
            ("state", "active", ("release",)),
            ("state", "recovered", ("before",)),
        ],
        supports_check_mode=True,
    )
    wanted = module.params
    releases = Releases(wanted["root"])
    try:
        if module.check_mode:
            answer = _reach(releases, wanted, True)
        else:
            with releases.locked():
                answer = _reach(releases, wanted, False)
        module.exit_json(**answer)
    except (ReleaseError, OSError) as error:  # such as a card that is full
        module.fail_json(msg=str(error))


def _reach(releases, wanted, check_mode):
    state = wanted["state"]
    if state == "built":
        changed = wanted["release"] not in releases.list_built()
        if changed and not check_mode:
            releases.build(
                wanted["release"],
                wanted["digest"],
                wanted["archive"],
                wanted["incoming"],
                wanted["files"],
                wanted["system_site_packages"],
                wanted["compiled"],
            )
        return {"changed": changed}
    if state == "active":
        before = releases.read_links()
        changed = before["current"] != wanted["release"]
        if changed and not check_mode:
            releases.activate(wanted["release"])
        return {"changed": changed, "before": before}
    if state == "recovered":
        before = wanted["before"]
        current = before["current"] if check_mode else releases.recover(before)
        return {"changed": True, "current": current}
    if state == "rolled_back":
        if check_mode:
            return {"changed": True, "current": releases.read_link("previous")}
        return {"changed": True, "current": releases.roll_back()}
    removed = [] if check_mode else releases.prune(wanted["keep"])
    return {"changed": bool(removed), "removed": removed}


if __name__ == "__main__":
    main()
