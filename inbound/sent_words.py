"""The words of a digest as it was sent, ready to be found again in an answer, whatever a client did to them.

digest_reply prepares them once per digest, fragment by fragment, because fragments are shared by all who got them;
alignment and stretches look words up. Words are compared without case, width, links, footnotes and zero-width marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from gateway.core.digest import SentDigest
from inbound.html import read_html

RUN = 3
"""Words in a row that make a match: a common word inside an answer matches by chance, three do not."""
UNKNOWN = -1
"""The number of a word that the digest does not have."""
_ZERO_WIDTH = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
# Possessive, so that a word of a hundred thousand marks costs no stack to come back to.
_ONE_WORD = rf"\w++(?:[{_ZERO_WIDTH}]++\w++)*+"
_LINKS = r"(?:https?|ftp|mailto|tel|cid|mid):[^\s<>]+|www\.[^\s<>]+|\[\d{1,3}\]"
_MARKS = r"\[?[#＃]\d{1,9}\]?(?!\w)"
_PLAIN = rf"{_LINKS}|({_MARKS}|€|\n|{_ONE_WORD})"
# Addresses, and what is left of a percent-coded link where a client broke it over two lines.
_TANGLED = (
    r"[^\s<>()\[\]@]{1,100}@[^\s<>()\[\]]{1,300}|"
    rf"[^\s<>%&]{{0,100}}(?:%[0-9A-Fa-f]{{2}}|&\w{{1,20}}=)[^\s<>]+|{_PLAIN}"
)
_WORDS = (re.compile(_PLAIN), re.compile(_TANGLED))
_SPANS = (re.compile(_PLAIN, re.IGNORECASE), re.compile(_TANGLED, re.IGNORECASE))
# Some programs write them as the letters they are made of.
_SYMBOLS = re.compile("[\u2100-\u214f\u3200-\u33ff]")
_TANGLE = re.compile("[@%&]")
_UNSEEN = re.compile(f"[{_ZERO_WIDTH}]")
_LINK = re.compile(r"(?:https?|mailto):[^\s<>\"']+")
_TOKEN = re.compile(r"[a-z2-7]{16,56}")


def words_of(text: str) -> list[str]:
    """The words of one line of NFC text as every client leaves them. The mark [#12] is the word "#12". Linear."""
    [words] = words_of_lines([text])
    return list(words)


def words_of_lines(texts: Sequence[str]) -> list[Sequence[str]]:
    """The words_of() each of the lines; all of them at once, which costs half."""
    plain = [text.replace("\n", " ") for text in texts]
    plain = [text if text.isascii() else _SYMBOLS.sub(_unfold, text) for text in plain]
    tangled = [at for at, text in enumerate(plain) if _TANGLE.search(text)]
    apart = [_words_in(plain[at], _WORDS[1]) for at in tangled]
    for at in tangled:
        plain[at] = ""
    found = _words_in("\n".join(plain) + "\n", _WORDS[0])
    lines: list[Sequence[str]] = []
    start = 0
    for _ in plain:
        end = found.index("\n", start)
        lines.append(found[start:end])
        start = end + 1
    for at, words in zip(tangled, apart, strict=True):
        lines[at] = words
    return lines


def _unfold(symbol: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", symbol[0])


def _words_in(text: str, pattern: re.Pattern[str]) -> list[str]:
    found = list(filter(None, pattern.findall(text.casefold())))
    if "#" in text or "＃" in text:
        found = [word.strip("[]") if "#" in word or "＃" in word else word for word in found]
    return found if text.isascii() else [word if word.isascii() else _fold(word) for word in found]


def spans_of(text: str) -> list[tuple[int, int]]:
    """Where each word of words_of() begins and ends in the line."""
    return [match.span(1) for match in _SPANS[_TANGLE.search(text) is not None].finditer(text) if match[1]]


@lru_cache(maxsize=8192)
def _fold(word: str) -> str:
    if word == "€":
        return "eur"
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", word)).casefold()


def without_links(text: str) -> str:
    """The text without its links, addresses, footnote numbers, and what is left of a link that was broken."""
    return _SPANS[1].sub(lambda match: match[0] if match[1] else "", text)


def is_ours(link: str, sent: SentWords, *, quoted: bool) -> bool:
    """The link is one of the digest, whatever a scanner of links wrapped around it, and however much was broken off.

    `quoted`: it stands in a quote, where a link to our host is one that we sent, whatever token it had.
    """
    bare = bare_link(link)
    above, _, end = bare.rpartition("/")
    # What was sent is kept without its tokens, which stand at the end of a link.
    if bare in sent.links or (above in sent.links and _TOKEN.fullmatch(end)):
        return True
    return (quoted or "?url=" in link) and _host(bare) in sent.hosts


def _host(bare: str) -> str:
    return bare.partition("://")[2].partition("/")[0]


def bare_link(link: str) -> str:
    """What two copies of a link share: unwrapped from a scanner's, without query, fragment and letter case."""
    _, wrapped, inner = link.partition("?url=")
    if wrapped:
        link = unquote(inner.split("&")[0])
    return link.split("?")[0].split("#")[0].rstrip("/>.,;)").lower()


@dataclass(frozen=True, slots=True)
class SentWords:
    """One body of a digest, HTML or text, as numbered words in a row. A place is an index into that row."""

    numbers: dict[str, int]
    words: list[int]
    pieces: list[int]
    """For each place the index of its piece."""
    begins: bytearray
    """Flags of places that begin a line, and `ends` of those that end one."""
    ends: bytearray
    runs: dict[int, int]
    """The first place where each run of RUN words begins; `repeats`: all of them, rising, where there are several."""
    repeats: dict[int, list[int]]
    marks: dict[int, list[int]]
    """The places of each word that is a mark such as #12."""
    topics: tuple[int | None, ...]
    """The topic of each piece."""
    headings: dict[int, tuple[str, ...]]
    """For each topic the words behind its mark in the line where it first stands."""
    heads: dict[int, int]
    """For each mark of a topic, as a number, the place where its own item begins with it: no author writes there."""
    lines: dict[str, tuple[str, ...]]
    """The words of its lines by their text: most lines of an answer are one of them."""
    foreign: set[int]
    """The words with letters that not every program can write."""
    ornaments: frozenset[str]
    """Its lines without any word."""
    links: frozenset[str]
    hosts: frozenset[str]

    def places_of(self, first: int, second: int, third: int) -> Sequence[int]:
        """The places, rising, where these three words stand in a row."""
        size = len(self.numbers) + 1
        key = (first * size + second) * size + third
        place = self.runs.get(key, -1)
        return () if place < 0 else self.repeats.get(key) or (place,)

    def words_of_lines(self, texts: Sequence[str]) -> list[Sequence[str]]:
        """The words_of() each of the lines of an answer: those that are lines of the digest are known."""
        known = [self.lines.get(text) or self.lines.get(text.strip("> ")) for text in texts]
        fresh = iter(words_of_lines([text for text, words in zip(texts, known, strict=True) if words is None]))
        return [next(fresh) if words is None else words for words in known]

    def topic_at(self, place: int) -> int | None:
        """The topic whose words stand there, None for what belongs to no topic."""
        return self.topics[self.pieces[place]]


@lru_cache(maxsize=64)
def html_words(sent: SentDigest) -> SentWords:
    """The digest's words as its HTML shows them."""
    return _index(sent, tuple(_html_fragment(piece.html) for piece in sent.pieces))


@lru_cache(maxsize=64)
def text_words(sent: SentDigest) -> SentWords:
    """The digest's words as its text part has them."""
    return _index(sent, tuple(_text_fragment(piece.text) for piece in sent.pieces))


def stands_in(selection: str, sent: SentWords) -> set[int | None]:
    """To what the places of a few words belong; `selection` is words as words_of() gives them, one blank between."""
    numbers = [sent.numbers.get(word, UNKNOWN) for word in selection.split()]
    if not numbers or UNKNOWN in numbers:
        return set()
    size = len(numbers)
    return {
        sent.topic_at(place)
        for place, number in enumerate(sent.words)
        if number == numbers[0] and sent.words[place : place + size] == numbers
    }


@dataclass(frozen=True, slots=True)
class _Fragment:
    lines: tuple[tuple[str, tuple[str, ...]], ...]
    """(text, words) of each that has words."""
    ornaments: frozenset[str]
    links: frozenset[str]


@lru_cache(maxsize=1024)
def _html_fragment(html: str) -> _Fragment:
    return _fragment((line.text for line in read_html(html).lines), html)


@lru_cache(maxsize=1024)
def _text_fragment(text: str) -> _Fragment:
    return _fragment(text.splitlines(), text)


def _fragment(lines: Iterable[str], source: str) -> _Fragment:
    texts = [line if line.isascii() else unicodedata.normalize("NFC", line) for line in lines]
    found = list(zip(texts, words_of_lines(texts), strict=True))
    return _Fragment(
        lines=tuple((line.strip(), tuple(words)) for line, words in found if words),
        ornaments=frozenset(line.strip(" \t\xa0>|*") for line, words in found if not words),
        links=frozenset(bare_link(link) for link in _LINK.findall(source)),
    )


def _index(sent: SentDigest, fragments: tuple[_Fragment, ...]) -> SentWords:
    topics = tuple(piece.topic_id for piece in sent.pieces)
    links = frozenset().union(*(fragment.links for fragment in fragments))
    found = SentWords(
        numbers={},
        words=[],
        pieces=[],
        begins=bytearray(),
        ends=bytearray(),
        runs={},
        repeats={},
        marks={},
        topics=topics,
        headings={},
        heads={},
        lines={},
        foreign=set(),
        ornaments=frozenset().union(*(fragment.ornaments for fragment in fragments)),
        links=links,
        hosts=frozenset(host for link in links if (host := _host(link))),
    )
    for piece, fragment in enumerate(fragments):
        found.lines.update(fragment.lines)
        for _, line in fragment.lines:
            topic, place = topics[piece], len(found.words)
            _add_line(found, line, piece)
            if topic is not None and topic not in found.headings and line[0] == f"#{topic}":
                found.headings[topic] = line[1:]
                found.heads[found.words[place]] = place
    _add_runs(found)
    return found


def _add_line(found: SentWords, line: tuple[str, ...], piece: int) -> None:
    numbers = found.numbers
    found.words.extend([numbers.setdefault(word, len(numbers)) for word in line])
    found.pieces.extend([piece] * len(line))
    found.begins.extend(b"\1" + bytes(len(line) - 1))
    found.ends.extend(bytes(len(line) - 1) + b"\1")


def _add_runs(found: SentWords) -> None:
    words, runs = found.words, found.runs
    size = len(found.numbers) + 1
    keys = [
        (first * size + second) * size + third
        for first, second, third in zip(words, words[1:], words[2:], strict=False)
    ]
    # Most runs stand in one place: the last to be written is the first of each.
    runs.update(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
    if len(runs) < len(keys):
        for place, key in enumerate(keys):
            if runs[key] != place:
                found.repeats.setdefault(key, [runs[key]]).append(place)
    found.foreign.update(number for word, number in found.numbers.items() if not word.isascii())
    marks = {number for word, number in found.numbers.items() if word[0] == "#"}
    for place, number in enumerate(words):
        if number in marks:
            found.marks.setdefault(number, []).append(place)
