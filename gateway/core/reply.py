"""Reply: an SMTP answer whose code and enhanced code cannot disagree (RFC 5321 §4.2, RFC 3463)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """Code, enhanced code ("5.1.1") and text. Text to a peer is generic; detail goes to the log.

    `enhanced` is "" only where the standard has none: greeting, EHLO, 354 and a peer that sends none.
    """

    code: int
    enhanced: str
    text: str

    def __post_init__(self) -> None:
        if not 200 <= self.code <= 599:
            raise ValueError(f"not an SMTP code: {self.code}")
        if self.enhanced and self.enhanced[0] != str(self.code)[0]:
            raise ValueError(f"{self.code} and {self.enhanced} disagree")

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced} {self.text}" if self.enhanced else f"{self.code} {self.text}"

    @property
    def ok(self) -> bool:
        """The peer took it (2yz)."""
        return self.code < 300

    @property
    def temporary(self) -> bool:
        """Trying again later may help (4yz)."""
        return 400 <= self.code < 500
