from __future__ import annotations

import pytest

from inbound import charset


@pytest.mark.parametrize(
    ("octets", "label", "text"),
    [
        ("été".encode(), "utf-8", "été"),
        ("été".encode("latin-1"), "iso-8859-1", "été"),
        ("été".encode("latin-1"), "", "été"),
        ("été".encode("latin-1"), "us-ascii", "été"),
        (b"\x93quoted\x94", "iso-8859-1", "\u201cquoted\u201d"),
        ("été".encode(), "klingon", "été"),
        ("été".encode(), "zip", "été"),
        ("été".encode(), "rot13", "été"),
        ("Привет".encode("koi8-r"), "KOI8-R", "Привет"),
        ("日本".encode("iso2022_jp"), '"ISO-2022-JP"', "日本"),
        (b"a\xffb \xc3\xa9\xc3\xa9", "utf-8", "a\ufffdb éé"),
    ],
)
def test_text_is_decoded_as_declared_or_as_it_reads_best(octets: bytes, label: str, text: str) -> None:
    assert charset.decode(octets, label) == text


def test_encoded_words_join_a_character_split_between_them() -> None:
    assert charset.decode_words("=?utf-8?b?w6k=?= =?utf-8?q?t=C3?=\r\n =?utf-8?q?=A9?= fin") == "été fin"
    assert charset.decode_words("a =?utf-8?q?b?= c") == "a b c"
    assert charset.decode_words("=?utf-8?x?b?=") == "=?utf-8?x?b?="


def test_eight_bit_octets_in_an_encoded_word_are_of_its_charset() -> None:
    assert charset.decode_words("=?iso-8859-1?Q?Fr\u00f6sche?=") == "Frösche"


def test_cleaned_text_can_be_stored() -> None:
    assert charset.clean_text("a\x00b\r\nc\rd\ud800e\u0301") == "ab\nc\ndé"
    assert charset.clean_line(" a\r\n\tb\u202ec\u2028d ") == "a b c d"


def test_damaged_base64_gives_what_it_can() -> None:
    assert charset.decode_base64(b"aGVsbG8") == b"hello"
    assert charset.decode_base64(b"aGV!sbG8=\r\nx") == b"hello"
