"""Urgency: whether a post may reach people in their quiet hours because who runs the community says so.

Weighed when the mail is decided, told in its receipt; who lets such posts through is each person's own choice.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

WEEK = timedelta(days=7)
"""Within which urgent posts are counted, back from the moment of the next one."""


class Urgency(StrEnum):
    """What became of the mark of urgency on a mail."""

    NONE = ""
    """There was none that counts: from whoever it came, or at an hour at which everybody gets the post anyway."""
    GRANTED = "granted"
    SPENT = "spent"
    """Its author has had as many as a week allows: it goes as any other."""
