"""Instructions per inference: what an artifact costs on a runtime, counted instead of timed.

Emulated time says nothing about a board, but the instructions that a processor executes are the
same on an emulated one, and the same in every run: a slower artifact or runtime shows without a
board, without a quiet machine and without luck.
"""
