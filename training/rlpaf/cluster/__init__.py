"""The roles of a run as actors on a Ray cluster.

`remote.open_cluster` gives a sampler and a judge that a run uses as it would use those of its own process.
Ray is an extra; this package is imported only for `--ray`.
"""
