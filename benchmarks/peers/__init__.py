"""Runtimes that are not for the board, beside ours: what a user would give up, or gain.

Each peer is one child module that opens its model and answers requests as
`edge_runtime.measurement.trial` does; nothing here imports a framework before it runs in a process
of its own.
"""
