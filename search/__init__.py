"""Proof search as pure functions over plain data: no process, socket or file."""
