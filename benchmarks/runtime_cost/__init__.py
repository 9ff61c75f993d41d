"""What `edge_runtime` costs above the bare libraries that it uses, held against its bounds.

``python -m benchmarks.runtime_cost`` compares; what it compares with is in `bare`.
"""
