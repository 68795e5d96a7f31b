"""Who wrote a mail: the one mailbox of its one From field, or a reason why nobody did.

parse calls it with the raw field values. The grammar is that of RFC 5322 §3.4 read strictly: whatever two parsers might
read differently (groups, routes, comments inside an address, words after it, encoded-words in it) names nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import idna

from gateway.core.address import Address, AddressError
from gateway.core.address import parse as parse_address
from inbound import charset

MAX_FROM = 8192
_ATOM = re.compile(r"[^\s()<>\[\]:;@\\,\"\x00-\x1f\x7f]+")
_BLANK = re.compile(r"[ \t\r\n]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff\ufffd\u2028\u2029]")
_SPECIALS = frozenset('<>[]:;@\\,"')


@dataclass(frozen=True, slots=True)
class Sender:
    """The author of a mail. `address` is None where `defect` says why; `name` is decoded and fit to show."""

    address: Address | None
    name: str = ""
    defect: str = ""
    guessed: bool = False
    """The address holds characters beyond ASCII, so it is only as good as the decoding of the field."""


class _RefusedError(ValueError):
    """The field is not exactly one plain mailbox; the text is the defect's name."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    """"word", "quoted", or one of < > [ ] : ; @ , and backslash."""
    text: str
    spaced: bool
    """Blanks or a comment stand before it."""
    commented: bool
    """A comment stands before it."""


def read_sender(values: list[str], *, utf8: bool = True) -> Sender:
    """The author that the From fields (their unfolded values) name together; never raises.

    `utf8` False: the octets were in some other charset, guessed; a name may be, an address may not (RFC 6532 §3.1).
    """
    if len(values) != 1:
        return Sender(None, defect="from_missing" if not values else "from_repeated")
    try:
        sender = _read_mailbox(values[0])
    except _RefusedError as refusal:
        return Sender(None, defect=str(refusal))
    if not utf8 and sender.guessed:
        return Sender(None, defect="from_bad_address")
    return sender


def _read_mailbox(value: str) -> Sender:
    if len(value) > MAX_FROM:
        raise _RefusedError("from_too_long")
    if _CONTROL.search(value.replace("\t", " ")):
        raise _RefusedError("from_control_character")
    tokens, comment = _tokens(value)
    kinds = [token.kind for token in tokens]
    if not tokens:
        raise _RefusedError("from_empty")
    if "<" not in kinds:
        if "," in kinds:
            raise _RefusedError("from_several")
        return Sender(_address(tokens), _shown(comment, ""), guessed=_is_guessed(tokens))
    opening = kinds.index("<")
    if kinds[-1] != ">" or kinds.count("<") != 1 or kinds.count(">") != 1:
        raise _RefusedError("from_several" if "," in kinds[opening:] or kinds.count("<") > 1 else "from_malformed")
    inner = tokens[opening + 1 : -1]
    address = _address(inner)
    if tokens[-1].commented and inner:
        raise _RefusedError("from_malformed")
    name = _shown(_phrase(tokens[:opening], inner), str(address))
    return Sender(address, name, guessed=_is_guessed(inner))


def _is_guessed(tokens: list[_Token]) -> bool:
    return not all(token.text.isascii() for token in tokens)


def _phrase(tokens: list[_Token], inner: list[_Token]) -> str:
    """The display name; `a@b <a@b>` is forgiven because both readings of it agree, `a@b <c@d>` is not."""
    if not tokens:
        return ""
    if all(token.kind in ("word", "quoted") for token in tokens):
        words = [("" if i == 0 or not t.spaced else " ") + t.text for i, t in enumerate(tokens)]
        # Encoded-words count in atoms only: in a quoted string they stand for themselves (RFC 2047 §5).
        if all(token.kind == "word" for token in tokens):
            return charset.decode_words("".join(words))
        if len(tokens) == 1 and "=?" in tokens[0].text:
            # Widespread senders quote their encoded-words all the same; a name is only a name.
            return charset.decode_words(tokens[0].text)
        return "".join(words)
    spelled = "".join(token.text for token in tokens).lower()
    if spelled == "".join(token.text for token in inner).lower() and not any(token.spaced for token in tokens[1:]):
        return ""
    if "," in (token.kind for token in tokens):
        raise _RefusedError("from_several")
    raise _RefusedError("from_group" if ":" in (token.kind for token in tokens) else "from_malformed")


def _address(tokens: list[_Token]) -> Address:
    kinds = [token.kind for token in tokens]
    if kinds != ["word", "@", "word"]:
        if ":" in kinds or ";" in kinds:
            raise _RefusedError("from_group")
        raise _RefusedError("from_malformed")
    if tokens[1].spaced or tokens[2].spaced:
        raise _RefusedError("from_malformed")
    text = "".join(token.text for token in tokens)
    if "=?" in text:
        raise _RefusedError("from_encoded_address")
    try:
        address = parse_address(text)
    except AddressError:
        raise _RefusedError("from_bad_address") from None
    if not tokens[2].text.isascii():
        _refuse_mapped_domain(tokens[2].text)
    return address


def _refuse_mapped_domain(domain: str) -> None:
    # A ligature or a full-width letter would be mapped to somebody else's domain: only true U-labels are read.
    try:
        idna.encode(domain.lower(), strict=True)
    except (idna.IDNAError, UnicodeError):
        raise _RefusedError("from_bad_address") from None


def _shown(name: str, address: str) -> str:
    """The name without what could mislead: an address in it that is not the author's."""
    name = charset.clean_line(name)[:200].strip()
    if "@" in name or "＠" in name or "﹫" in name:
        return ""
    return "" if name.lower() == address.lower() else name


def _tokens(value: str) -> tuple[list[_Token], str]:
    """Lexical tokens (RFC 5322 §3.2) and the last comment. Linear in the length of the value."""
    tokens: list[_Token] = []
    comment, position, spaced, commented = "", 0, False, False
    while position < len(value):
        character = value[position]
        if match := _BLANK.match(value, position):
            position, spaced = match.end(), True
            continue
        if character == "(":
            position, comment = _comment(value, position)
            spaced = commented = True
            continue
        if character == '"':
            position, text = _quoted(value, position)
            tokens.append(_Token("quoted", text, spaced, commented))
        elif character in _SPECIALS:
            tokens.append(_Token(character, character, spaced, commented))
            position += 1
        elif match := _ATOM.match(value, position):
            tokens.append(_Token("word", match[0], spaced, commented))
            position = match.end()
        else:
            raise _RefusedError("from_malformed")
        spaced = commented = False
    return tokens, charset.decode_words(comment)


def _comment(value: str, position: int) -> tuple[int, str]:
    depth, start = 0, position + 1
    while position < len(value):
        match value[position]:
            case "\\":
                position += 1
            case "(":
                depth += 1
            case ")":
                depth -= 1
                if depth == 0:
                    return position + 1, value[start:position]
            case _:
                pass
        position += 1
    raise _RefusedError("from_malformed")


def _quoted(value: str, position: int) -> tuple[int, str]:
    out: list[str] = []
    position += 1
    while position < len(value):
        character = value[position]
        if character == '"':
            return position + 1, "".join(out)
        if character == "\\":
            position += 1
            if position == len(value):
                break
            character = value[position]
        out.append(character)
        position += 1
    raise _RefusedError("from_malformed")
