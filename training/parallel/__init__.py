"""Training over many devices: pipelines as data, and what a step on them costs."""
