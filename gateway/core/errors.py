"""The exceptions of Relais. A refusal is a value (Decision, Reply, Outcome); an exception is our own trouble.

GatewayError
├── ConfigurationError      what the administrator must mend, every mistake at once
├── PartDiedError           a part of the process ended by itself, so the process ends
├── CompositionError        a mail that would not leave as it was meant, so it does not leave
└── StoreError              the database or the blob storage failed us
    (temporary=True)        ... and trying again later may help
"""

from __future__ import annotations


class GatewayError(Exception):
    """Anything that went wrong on our side."""


class ConfigurationError(GatewayError):
    """Wrong settings. `mistakes` are (key, what is wrong and how to mend it), in the order of the file."""

    def __init__(self, mistakes: list[tuple[str, str]]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(f"{key}: {text}" for key, text in mistakes))


class PartDiedError(GatewayError):
    """A part of the gateway that should never end has ended."""


class CompositionError(GatewayError):
    """A composed mail has other header fields than intended, or cannot be composed. Trying again does not help."""


class StoreError(GatewayError):
    """The store could not do what it was asked. `temporary` says whether trying again may help."""

    def __init__(self, message: str, *, temporary: bool = True) -> None:
        self.temporary = temporary
        super().__init__(message)
