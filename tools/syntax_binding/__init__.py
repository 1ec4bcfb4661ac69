"""The parts of `tools/bind_syntax.py`."""
