"""The seam between this package and cameras, with one file per library.

A camera backend implements `edge_runtime.cameras.protocol.CameraBackend` and stands in the table of
`edge_runtime.cameras.registry`. It imports its library only when a camera is opened.
"""
