"""Octets and encoded-words to plain text that any store can hold; the only file that knows charset-normalizer.

Called by parse for bodies, file names and display names; never raises, whatever the charset label says. Cleaned text
has no NUL, no lone surrogate, \\n line ends, and is NFC. RFC 2045 §5.2, RFC 2047; WHATWG labels where mail uses them.
"""

from __future__ import annotations

import binascii
import codecs
import re
import unicodedata
from functools import lru_cache

from charset_normalizer import from_bytes

# What mail programs call a charset and what its senders really use differ in these well-known cases.
_SUPERSETS = {
    "iso8859-1": "cp1252",
    "ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
}
_LABELS = {
    "ks_c_5601-1987": "cp949",
    "windows-874": "cp874",
    "x-sjis": "cp932",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-gbk": "gb18030",
    "cp-850": "cp850",
    "x-mac-cyrillic": "mac_cyrillic",
    "macintosh": "mac_roman",
    "x-user-defined": "cp1252",
}
# Codecs of Python that map text to text or run a little language: no mail is written in them.
_REFUSED = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_WESTERN = frozenset({"cp1252", "iso8859-15", "cp1254", "cp1250", "iso8859-2", "mac_roman", "mac-roman"})
_JAPANESE = re.compile(rb"\x1b(?:\$[@B]|\(J)")
_ASCII = bytes(range(0x80))
_COMMON_LETTERS = b"aeiounrstl"
_MAC_ACCENTS = (b"\x87", b"\x88", b"\x89", b"\x8d", b"\x8e", b"\x8f", b"\x90", b"\x9d", b"\x9f")
_NOT_ACCENTS = bytes(range(0xC0))
# Where letters other than Latin prevail, one of these is meant.
_SCRIPTS = [
    *("koi8_r", "cp1251", "iso8859_5", "cp866", "mac_cyrillic", "cp1253", "cp1255", "cp1256", "cp874"),
    *("gb18030", "big5", "cp932", "euc_jp", "euc_kr"),
]
MAX_GUESSED = 32 * 1024
_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*)\?=")
_CONTROLS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]+"
)
# No text has these: controls, halves of characters, and what Unicode will never assign.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_LINE_END = re.compile(r"\r\n?|[\u2028\u2029\x0c\x85]")
# No script stacks more marks on one letter (UAX #15 §13), and sorting a run of them costs the square of its length.
MAX_MARKS = 30
_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{MAX_MARKS + 1},}}")
MAX_ENCODED_WORDS = 1000


@lru_cache(maxsize=256)
def codec_name(label: str) -> str | None:
    """The codec for a charset label; None for an unknown one and for codecs that are not charsets of text."""
    label = label.strip().strip("\"'").lower()
    if not label.isascii() or not 0 < len(label) <= 40 or "\0" in label:
        return None
    try:
        info = codecs.lookup(_LABELS.get(label, label))
    except (LookupError, ValueError):
        return None
    name = info.name.lower()
    if name.replace("-", "_") in _REFUSED or not getattr(info, "_is_text_encoding", True):
        return None
    return _SUPERSETS.get(name, name)


def decode(octets: bytes, label: str = "") -> str:
    """The text of `octets`: in the declared charset if that holds, else UTF-8, else what its letters look like.

    Text that is UTF-8 throughout is read so whatever Western charset its sender declared: by chance nothing is.
    """
    if octets.isascii() and b"\x1b" not in octets and not label:
        return octets.decode("ascii")
    codec = codec_name(label) if label else None
    for name in ("utf-8", codec) if codec is None or codec in _WESTERN else (codec, "utf-8"):
        if name is not None:
            try:
                return _decode_strictly(octets, name)
            except (UnicodeError, ValueError):
                continue
    return _decode_damaged(octets, codec)


def decode_header(octets: bytes, label: str) -> str:
    """The text of raw octets in a header: UTF-8 (RFC 6532), else the charset `label` of the body, else a guess."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return decode(octets, label)


def _decode_strictly(octets: bytes, codec: str) -> str:
    if codec != "utf-8":
        return octets.decode(codec)
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return octets.decode("utf-16")
    # Escape sequences that name a Japanese set are in no other text (RFC 1468).
    if b"\x1b" in octets and _JAPANESE.search(octets):
        return octets.decode("iso2022_jp_2")
    return octets.decode("utf-8")


def _decode_damaged(octets: bytes, codec: str | None) -> str:
    # One broken octet must not turn a whole UTF-8 text into mojibake: what decodes well outvotes what does not.
    if codec not in (None, "utf-8"):
        assert codec is not None
        declared = octets.decode(codec, "replace")
        if declared.count("\ufffd") * 20 < len(declared):
            return declared
    as_utf8 = octets.decode("utf-8", "replace")
    wrong = as_utf8.count("\ufffd")
    right = sum(1 for c in as_utf8[:100_000] if c > "\x7f") - wrong
    return as_utf8 if right > wrong else octets.decode(_guess(octets[:MAX_GUESSED]), "replace")


def _guess(octets: bytes) -> str:
    """The codec of text that is not UTF-8 and declares nothing that holds."""
    high = len(octets.translate(None, _ASCII))
    letters = high + sum(octets.count(byte) for byte in _COMMON_LETTERS)
    if high < 8 or high * 2 < letters:
        # Accents here and there: the script is Latin. Old Macs have theirs where Windows has signs and gaps.
        macs = sum(octets.count(byte) for byte in _MAC_ACCENTS)
        windows = len(octets.translate(None, _NOT_ACCENTS))
        return "mac_roman" if macs > windows else "cp1252"
    best = from_bytes(octets, cp_isolation=_SCRIPTS, preemptive_behaviour=False, enable_fallback=False).best()
    return (codec_name(best.encoding) if best is not None else None) or "cp1252"


_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r"


def clean_text(text: str) -> str:
    """The text with \\n line ends, without NUL, other controls and lone surrogates, in NFC."""
    if "\r" in text or not text.isascii() or "\x0c" in text:
        text = _LINE_END.sub("\n", text)
    text = _UNSTORABLE.sub("", text)
    return text if text.isascii() else _compose(text)


def clean_line(text: str) -> str:
    """One line fit for a header or a screen: no control, line-separator or bidi character, blanks folded, NFC."""
    text = _CONTROLS.sub(" ", text)
    text = "".join(c for c in text if not "\ud800" <= c <= "\udfff")
    return _compose(" ".join(text.split()))


def _compose(text: str) -> str:
    """NFC in linear time: the marks of a letter beyond MAX_MARKS are left out."""
    return unicodedata.normalize("NFC", _MARKS.sub(_without_stacks, text))


def _without_stacks(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for char in run[0]:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= MAX_MARKS:
            kept.append(char)
    return "".join(kept)


def decode_words(text: str) -> str:
    """The text with its RFC 2047 encoded-words decoded; the blanks between two of them vanish (§6.2).

    Neighbours of one charset are joined before decoding, since many senders split a character between them.
    """
    if "=?" not in text:
        return text
    out: list[str] = []
    run: list[bytes] = []
    run_label = ""
    end = 0
    for count, match in enumerate(_WORD.finditer(text)):
        if count >= MAX_ENCODED_WORDS:
            break
        gap = text[end : match.start()]
        label = match[1].lower()
        if run and (gap.strip() or label != run_label):
            out.append(decode(b"".join(run), run_label))
            run = []
        if gap.strip() or end == 0:
            out.append(gap)
        run.append(_word_octets(match[2], match[3], label))
        run_label = label
        end = match.end()
    if run:
        out.append(decode(b"".join(run), run_label))
    out.append(text[end:])
    return "".join(out)


def _word_octets(encoding: str, payload: str, label: str) -> bytes:
    # Raw 8-bit characters do not belong here; where they stand, they were octets of the declared charset.
    octets = payload.encode("ascii" if payload.isascii() else codec_name(label) or "utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(octets, header=True)
    return decode_base64(octets)


def decode_quoted(octets: bytes) -> bytes:
    """The decoded octets of quoted-printable; what is not quoted well stays as it is (RFC 2045 §6.7)."""
    return binascii.a2b_qp(octets)


def is_base64(octets: bytes) -> bool:
    """Some programs say base64 and send words: then signs and blanks stand between the letters (RFC 2045 §6.8)."""
    return 16 * (len(octets.strip().translate(None, _BASE64)) - octets.count(b"\n")) <= len(octets)


def decode_base64(octets: bytes) -> bytes:
    """The decoded octets as far as they are base64; padding and stray characters are forgiven (RFC 2045 §6.8)."""
    try:
        return binascii.a2b_base64(octets)
    except binascii.Error:
        pass
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", octets)
    kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
