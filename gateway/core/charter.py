"""Charter: what people promise before they post, in versions, each in every language of the network.

Who has not accepted what is asked of them reads and commands as everybody does; their posts wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Charter:
    """One version, whole."""

    version: int
    """Counted from 1."""
    everybody: bool
    """Asked also of those who were here before it; else of who came since."""
    published_at: datetime
    texts: dict[str, str]
    """By language code: "fr", "en"."""

    def text(self, language: str) -> str:
        """The words in this language, or in the first that there is."""
        return self.texts.get(language) or next(iter(self.texts.values()), "")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepted which version, and when."""

    address: str
    name: str
    version: int
    accepted_at: datetime
