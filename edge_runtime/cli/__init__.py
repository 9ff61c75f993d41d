"""The device's commands, one module each.

A command module holds ``add_arguments(parser)`` and ``run(arguments) -> int``; its name and summary
stand in the table of `edge_runtime.cli.main`, so that only the command that runs is imported.
"""
