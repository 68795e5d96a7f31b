"""A topic read by mail: whatever was written in it, the mail stays one that every client shows whole."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest

from gateway.core.notice import ReadPost
from gateway.core.post import ToldFile
from gateway.core.token import Purpose
from outbound.reading_views import READING_OCTETS, ReadingLinks, reading_view
from tests.outbound.mails import DELIVERY, KEYS, NOW, RENDERER, body, composer, read
from tests.outbound.receipts import BOILER, READING

LONG = "Le devis du chauffagiste est arrivé hier : quatorze mille euros, pose comprise. Qui vient ?\n"
CUT = {"fr": "Ce message est coupé ici", "en": "This message is cut here"}


def sent(*posts: ReadPost, locale: str = "fr") -> bytes:
    notice = replace(READING, read=posts, left_out=12)
    return composer().compose_notice(notice, replace(DELIVERY, locale=locale)).data


def post(text: str, files: int = 0) -> ReadPost:
    return ReadPost("Inès Delmas", NOW, text, tuple(ToldFile(i, f"Plan {i}.pdf", 1_000) for i in range(files)))


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_only_the_longest_is_cut_and_it_says_so(locale: str) -> None:
    data = sent(post(LONG * 5), post(LONG * 4_000), post(LONG * 3), locale=locale)
    assert 60_000 < len(data) <= READING_OCTETS
    page, text = body(read(data), "html"), body(read(data), "plain")
    for words in (page, text):
        assert words.count(CUT[locale]) == 1
        assert words.count("quatorze mille euros") > 150
    before, _, after = text.partition(CUT[locale])
    assert before.rstrip().endswith("…") and after.count("devis") == 3


def test_what_is_short_enough_is_whole() -> None:
    data = sent(*[post(LONG * 3)] * 30)
    assert body(read(data), "plain").count("devis") == 90
    assert CUT["fr"] not in body(read(data), "plain")


@pytest.mark.parametrize("words", ["Ж ", "漢", "<&", "https://a.example/ ", "😀", "é\n", "\n\n<", "x" * 400])
@pytest.mark.parametrize("count", [1, 30])
def test_no_topic_weighs_more(words: str, count: int) -> None:
    posts = [replace(post(words * 20_000, files=9), author=words * 50) for _ in range(count)]
    start = time.process_time()
    data = sent(*posts)
    assert time.process_time() - start < 10
    assert len(data) <= READING_OCTETS
    assert body(read(data), "plain").count(CUT["fr"]) == count


def test_each_file_is_linked_for_its_reader() -> None:
    data = sent(post("Words.", files=2), post("More words."), post("", files=35))
    for part in ("plain", "html"):
        words = body(read(data), part).replace("\u00a0", " ")
        tokens = re.findall(r"https://relais\.example\.org/files/([a-z2-7]+)", words)
        verified = [KEYS.verify(Purpose.FILE, token) for token in tokens]
        assert [one.ids for one in verified if one] == [(i, DELIVERY.person_id) for i in range(30)]
        assert words.index("Words.") < words.index("Et 2 autres fichiers.") < words.index("More words.")
        assert "Et 5 autres fichiers." in words


def test_a_topic_that_is_not_long_is_read_as_it_was_written() -> None:
    view = reading_view(READING, ReadingLinks(str, str), RENDERER.language("fr"), RENDERER.dresser)
    assert view.title == BOILER[1]
    assert [line.text for line in view.posts] == [post.text for post in READING.read]
    assert not any(line.is_cut for line in view.posts)
    assert [[file.url for file in line.files] for line in view.posts] == [[], [], ["71"]]
