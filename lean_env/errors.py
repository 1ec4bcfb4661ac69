"""Every error this package raises on purpose: one tree, each message one line that says what to do."""

from __future__ import annotations


class LeanEnvError(Exception):
    """Base of all errors of `lean_env`; the command line prints its text and exits with 2."""


class ToolchainError(LeanEnvError):
    """No usable Lean: the message says what is missing and how to get it."""


class SourceError(LeanEnvError):
    """A user's file cannot be read as theorems: missing, empty, binary, too large, malformed."""


class StatementError(LeanEnvError):
    """A statement that Lean does not elaborate, so that no proof of it can be judged."""


class UncheckedError(StatementError):
    """A statement about which Lean could not be asked, through a fault of ours that says nothing of it."""


class LimitError(LeanEnvError, ValueError):
    """A limit that makes no sense: zero or negative seconds, bytes or workers."""


class ServerError(LeanEnvError):
    """A Lean server died, fell silent or answered outside of its protocol."""


class AuditError(LeanEnvError):
    """The strict audit could not be carried out (which says nothing about the proof)."""
