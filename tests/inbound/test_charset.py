from __future__ import annotations

import time

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


@pytest.mark.parametrize("codec", ["koi8_r", "cp1251", "iso8859_5", "cp866"])
def test_undeclared_russian_is_told_by_its_letters(codec: str) -> None:
    text = "Добрый день, коллеги! Завтра мы встречаемся в офисе и обсуждаем проект."
    assert charset.decode(text.encode(codec)) == text


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("gb18030", "各位同事大家好，明天上午十点在会议室讨论新项目，请大家准时参加，谢谢。"),
        ("cp932", "皆様、お疲れ様です。明日の会議は十時から始まります。よろしくお願いいたします。"),
        ("euc_kr", "안녕하세요 여러분, 내일 회의는 열 시에 시작합니다. 감사합니다."),
        ("cp1253", "Καλημέρα σε όλους, αύριο έχουμε συνάντηση στο γραφείο για το νέο έργο."),
        ("iso2022_jp", "皆様、お疲れ様です。"),
        ("mac_roman", "Réunion déplacée à jeudi, désolé pour le délai."),
        ("cp1252", "Réunion déplacée à jeudi, désolé pour l’attente – 12 €."),
        ("cp1252", "Café"),
    ],
)
def test_undeclared_text_is_told_by_its_letters(codec: str, text: str) -> None:
    assert charset.decode(text.encode(codec)) == text


def test_utf8_declared_as_western_is_read_as_utf8() -> None:
    assert charset.decode("déjà « vu »".encode(), "iso-8859-1") == "déjà « vu »"
    assert charset.decode("déjà « vu »".encode("cp1252"), "iso-8859-1") == "déjà « vu »"
    assert charset.decode("Привет".encode("koi8_r"), "koi8-r") == "Привет"


def test_raw_octets_of_a_header_are_in_the_charset_of_the_body() -> None:
    assert charset.decode_header("Привет".encode("koi8_r"), "koi8-r") == "Привет"
    assert charset.decode_header("Привет".encode(), "koi8-r") == "Привет"


def test_guessing_costs_little() -> None:
    began = time.process_time()
    for _ in range(20):
        charset.decode(bytes(range(128, 256)) * 4000)
    assert time.process_time() - began < 1.0
