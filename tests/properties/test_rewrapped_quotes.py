"""However a program wraps the digest anew and whichever letters it loses, exactly the inserted words come out."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.core.digest import SentDigest
from inbound.digest_reply import split
from tests.inbound.answering_clients import mail_of
from tests.inbound.sent_digests import digest

FOREIGN = {
    12: "会議は二十日の午後三時から始まりますので、皆さん必ず資料を読んでから参加してください。場所は本館の二階です。",
    27: "我们下周四试一下新的菜单，每天晚上都有汤。👍 Le cœur du problème… « déjà vu » – ＃2 et 14\xa0800\xa0€.",
    31: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft y répond, naïvement.",
}


def foreign() -> SentDigest:
    """The small digest, with words in it that programs break, cut or cannot write."""
    sent = digest("fr")
    pieces = []
    for piece in sent.pieces:
        said = FOREIGN.get(piece.topic_id or 0)
        head, _, rest = piece.text.partition("\n\n")
        pieces.append(replace(piece, text=f"{head}\n\n{said}\n{rest}") if said else piece)
    return replace(sent, pieces=tuple(pieces))


SENT = foreign()
LOSSES: dict[str, Callable[[str], str]] = {
    "nothing": str,
    "composed": lambda text: unicodedata.normalize("NFKC", text),
    "straight": lambda text: text.translate(str.maketrans({"’": "'", "«": '"', "»": '"', "…": "...", "–": "-"})),
    "emoji": lambda text: "".join("?" if ord(char) > 0xFFFF else char for char in text),
    "latin": lambda text: text.encode("latin-1", "replace").decode("latin-1"),
    "ascii": lambda text: text.encode("ascii", "replace").decode(),
    "letters": lambda text: "".join(
        char if ord(char) > 0x2FF else unicodedata.normalize("NFKD", char.replace("œ", "oe"))[0] for char in text
    ),
}
SAID = st.lists(st.sampled_from(["demain", "la", "clé", "会議", "voté"]), min_size=1, max_size=6).map(
    lambda words: f"xq {' yk '.join(words)} zv."
)


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a text, each in lines of at most `width` characters: what is longer is cut where it must be."""
    made = []
    for line in text.split("\n"):
        rest = line
        # No program breaks a link.
        while len(rest) > width and "://" not in rest:
            cut = rest.rfind(" ", 1, width + 1)
            made.append(rest[: cut if cut > 0 else width])
            rest = rest[cut + 1 if cut > 0 else width :]
        made.append(rest)
    return made


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(LOSSES)),
    st.integers(24, 90),
    st.dictionaries(st.sampled_from([12, 27, 31]), st.tuples(SAID, st.floats(0, 1)), max_size=3),
)
# The dashes at the end of our own line, alone in theirs, begin no signature.
@example(loss="ascii", width=56, answers={12: ("xq demain zv.", 1.0)})
def test_a_quote_wrapped_anew_is_still_the_quote(loss: str, width: int, answers: dict[int, tuple[str, float]]) -> None:
    lines = ["Le 20/11/2026 à 07:30, Relais a écrit :"]
    for piece in SENT.pieces:
        quote = [f"> {line}".rstrip() for line in wrapped(LOSSES[loss](piece.text), width)]
        if piece.topic_id in answers:
            said, where = answers[piece.topic_id]
            # Not above the heading: that would be under the topic before.
            head = next(at for at, line in enumerate(quote) if "[#" in line) + 1 + 60 // width
            at = head + round(where * (len(quote) - head))
            quote[at:at] = ["", said, ""]
        lines += quote
    found = split(mail_of("\n".join(lines), None), SENT)
    assert {part.topic_id: part.text for part in found} == {topic: said for topic, (said, _) in answers.items()}
