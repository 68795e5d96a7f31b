"""Whether a mail is the recall of an earlier one, as Outlook sends it to whoever is no mailbox of its own server. Pure.

The subject alone proves nothing: in French "Rappel : réunion" is what every reminder is called. So the one sentence
that the program writes has to be there, and no other word.
"""

from __future__ import annotations

import re

from gateway.core.message import Kind, Reading

# "Claire Morel would like to recall the message, "Budget"." and the same in French, before any quote.
_SENTENCE = re.compile(
    r"[^\n]{1,120}\s(?:would like to recall the message|(?:souhaite|souhaiterait|voudrait) rappeler le message)"
    r"[\s,:]*[\"“”«»\s]*(?P<title>[^\n]*?)[\"“”«»\s.]*",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"(?:recall|rappel)\s*[:：]\s*", re.IGNORECASE)
_LONGEST = 600


def recalled(reading: Reading) -> str | None:
    """The subject of the mail that is to be taken back, None where this is no recall."""
    if reading.classification.kind is not Kind.ORDINARY or len(reading.body.text) > _LONGEST:
        return None
    mark = _SUBJECT.match(reading.parsed.subject)
    said = _SENTENCE.fullmatch(" ".join(reading.body.text.split()))
    if mark is None or said is None:
        return None
    title = " ".join(reading.parsed.subject[mark.end() :].split())
    # One word more, and somebody says something.
    return title if said["title"].casefold() in ("", title.casefold()) else None
