"""The commands of ``python -m benchmarks``, one module each.

A command module holds ``add_arguments(parser)`` and ``run(arguments) -> int``.
"""
