"""Digests as they leave: every reader's own tokens, every topic answerable, word for word what is kept of them."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import premailer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.digest import Cadence, Item, Section, SentDigest, Shape, Why
from gateway.core.errors import CompositionError
from gateway.core.post import ToldFile
from gateway.core.token import Purpose
from outbound.digest import (
    FULL_OCTETS,
    LINE_OCTETS,
    DigestComposer,
    DigestMail,
    Fragment,
    FragmentSource,
    _encode,
    fragment_key,
)
from outbound.digest_views import digest_subject, item_view, short_title, subject_start
from tests.outbound.digests import (
    BIKES,
    DIGEST,
    ITEMS,
    QUOTE,
    SOURCES,
    WEEKLY,
    ZONE,
    digest_composer,
    digest_sent,
    fragments_of,
    item_of,
)
from tests.outbound.mails import DELIVERY, KEYS, RENDERER, SITE, body, read
from tests.outbound.test_headers import INJECTIONS
from tests.outbound.test_render import luminance

INTENDED = [
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"),
    *("Precedence", "Auto-Submitted", "X-Auto-Response-Suppress", "X-Relais-Kind", "MIME-Version", "Content-Type"),
]
WRITE_HERE = {"fr": "-- Votre réponse au sujet #{}\u00a0: écrivez sous cette ligne --"}
WRITE_HERE["en"] = "-- Your answer to topic #{}: write below this line --"
TOKEN = re.compile(r"(?<=\+)[a-z2-7]{24,}(?=@)|(?<=/u/)[a-z2-7]{24,}|(?<=/files/)[a-z2-7]{24,}")


def ids(purpose: Purpose, token: str) -> tuple[int, ...]:
    verified = KEYS.verify(purpose, token)
    assert verified is not None, token
    return verified.ids


def unflowed(text: str) -> list[str]:
    """The lines as a reader of format=flowed shows them (RFC 3676 §4.2)."""
    lines, open_line = [], False
    for line in text.split("\n"):
        words = line.removeprefix(" ")
        if open_line:
            lines[-1] += words
        else:
            lines.append(words)
        open_line = line.endswith(" ") and line != "-- "
    return lines


def visible(page: str) -> str:
    words = re.sub(r"<!--.*?-->|<head>.*?</head>|<[^>]*>", " ", page, flags=re.DOTALL)
    return " ".join(words.split())


@pytest.mark.parametrize(("mail", "locale"), [(DIGEST, "fr"), (WEEKLY, "en")])
def test_header(mail: DigestMail, locale: str) -> None:
    data = digest_sent(mail, locale)
    message = read(data)
    assert message.keys() == INTENDED
    assert message["From"] == "Relais <digest@relais.example.org>"
    assert message["To"] == DELIVERY.address
    assert message["Date"].datetime == mail.created_at
    assert message["Message-ID"] == mail.message_id
    assert message["Precedence"] == "list"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Relais-Kind"] == "digest"
    assert data.isascii() and not re.search(rb"\r(?!\n)|(?<!\r)\n|\x00", data)
    assert max(map(len, data.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76


def test_every_token_is_the_readers_own() -> None:
    composer = digest_composer()
    outgoing = composer.compose(DIGEST, fragments_of(SOURCES, ITEMS, "fr", composer), DELIVERY)
    message = read(outgoing.data)
    assert ids(Purpose.DIGEST, *TOKEN.findall(message["Reply-To"])) == (501, 4)
    assert [ids(Purpose.QUIET, token) for token in TOKEN.findall(message["List-Unsubscribe"])] == [(0, 4), (0, 4)]
    assert ids(Purpose.BOUNCE, *TOKEN.findall(outgoing.reverse_path)) == (77,)
    page, text = body(message, "html"), body(message, "plain")
    answers = re.findall(r'href="mailto:reply\+([a-z2-7]+)@relais\.example\.org\?subject=Re%3A%20%5B%23(\d+)', page)
    assert [(ids(Purpose.REPLY, token), int(topic)) for token, topic in answers] == [
        ((source.post_id, 4), source.topic_id) for source in SOURCES[:4]
    ]
    for words in (page, text):
        assert [ids(Purpose.QUIET, token) for token in re.findall(r"/u/([a-z2-7]+)", words)] == [(0, 4)]
    paces = re.findall(r'href="mailto:digest\+([a-z2-7]+)@relais\.example\.org\?subject=([A-Z]+)"', page)
    assert [word for _, word in paces] == ["TOUT", "JOUR", "SEMAINE", "PAUSE", "STOP"]
    assert {ids(Purpose.DIGEST, token) for token, _ in paces} == {(501, 4)}
    files = [
        [ids(Purpose.FILE, token) for token in re.findall(r"https://relais\.example\.org/files/([a-z2-7]+)", words)]
        for words in (page, text)
    ]
    assert files == [[(71, 4), (72, 4), (73, 4), (74, 4)]] * 2
    assert "\x02" not in page + text and "\x03" not in page + text


def test_files_are_named_where_they_came_and_the_rest_is_counted() -> None:
    message = read(digest_sent())
    page, text = visible(body(message, "html")), unflowed(body(message, "plain"))
    assert "Paul Guérin · Un hiver de plus nous coûterait 2 100 € de fioul. Je joins le calcul. Fioul, hivers" in page
    assert "abri-velos-plan.pdf · 1,4 Mo abri-velos-coupe.pdf · 597 Ko Couleurs du toit.jpg" in page
    assert "225 Ko Et 2 autres fichiers. Nadia Benali" in page
    assert "Répondre à #27 Recevoir le message entier" in page
    place = text.index("* abri-velos-plan.pdf (1,4\u00a0Mo)")
    assert text.index("[#27] Abri à vélos, les plans sont arrivés") < place < text.index(WRITE_HERE["fr"].format(27))
    assert text[place + 1].startswith("https://relais.example.org/files/")
    assert "Et 2 autres fichiers." in text


@pytest.mark.parametrize(
    ("files", "latest", "named", "counted"),
    [
        (0, 0, (0, 0), 0),
        (1, 0, (1, 0), 0),
        (0, 4, (0, 3), 1),
        (5, 0, (3, 0), 2),
        (2, 2, (2, 1), 1),
        (5, 3, (2, 1), 5),
        (1, 5, (1, 2), 3),
    ],
)
def test_at_most_three_files_are_named(files: int, latest: int, named: tuple[int, int], counted: int) -> None:
    source = replace(QUOTE, files=_files(1, files), latest_files=_files(101, latest))
    view = item_view(source, SITE, RENDERER.language("en"))
    assert (len(view.files), len(view.latest_files)) == named
    assert view.other_files == counted


def _files(first: int, count: int) -> tuple[ToldFile, ...]:
    return tuple(ToldFile(i, f"{i}.pdf", 1_000) for i in range(first, first + count))


def test_a_file_is_told_of_although_nothing_was_written_to_it() -> None:
    source = replace(QUOTE, excerpt_text="", files=_files(1, 1), latest=("Paul", " \n"), latest_files=_files(2, 1))
    fragment = digest_composer().render_fragment(source, Shape.FULL, "en")
    for words in (fragment.html, fragment.text):
        assert "1.pdf" in words and "2.pdf" in words and "Paul" in words


def test_a_weekly_digest_is_quieted_as_such() -> None:
    message = read(digest_sent(WEEKLY, "en"))
    (quieted,) = {ids(Purpose.QUIET, token) for token in TOKEN.findall(message["List-Unsubscribe"])}
    assert tuple(Cadence)[quieted[0]] is Cadence.WEEKLY


def test_a_retry_repeats_every_byte() -> None:
    """I6: Message-ID and reverse-path are fixed when the delivery is born."""
    later = replace(DELIVERY, attempts=5, lease=replace(DELIVERY.lease, until=DELIVERY.created_at + timedelta(days=2)))
    again = digest_composer().compose(DIGEST, fragments_of(SOURCES, ITEMS, "fr"), later)
    assert again.data == digest_sent(DIGEST, "fr", DELIVERY)
    assert again.attempts == 5


@pytest.mark.parametrize(("mail", "locale"), [(DIGEST, "fr"), (WEEKLY, "en")])
def test_each_item_ends_with_the_line_to_write_under(mail: DigestMail, locale: str) -> None:
    lines = unflowed(body(read(digest_sent(mail, locale)), "plain"))
    full = [item.topic_id for item in mail.items if item.shape is Shape.FULL]
    wanted = [WRITE_HERE[locale].format(topic) for topic in full]
    assert [line for line in lines if line.startswith("-- ")] == wanted
    for topic, line in zip(full, wanted, strict=True):
        place = lines.index(line)
        assert lines[place + 1 : place + 3] == ["", ""]
        assert max(at for at, text in enumerate(lines[:place]) if text.startswith(f"[#{topic}]")) < place
    assert "-- " not in lines


def test_the_author_cannot_end_the_mail_with_a_signature_mark() -> None:
    source = replace(QUOTE, excerpt_text="Bonjour,\n-- \nInès")
    fragment = digest_composer().render_fragment(source, Shape.FULL, "fr")
    assert "-- " not in fragment.text.split("\n")


def test_first_sentence_is_what_waits() -> None:
    words = visible(body(read(digest_sent()), "html"))
    title = "Votre résumé du jour «\u00a0Chaudière de l’atelier : garder ou remplacer ?\u00a0» vous attend."
    assert words.startswith(" ".join(f"Relais · vendredi 20 novembre 2026 {title}".split()))


def test_what_an_item_shows() -> None:
    message = read(digest_sent())
    page, text = visible(body(message, "html")), " ".join(" ".join(unflowed(body(message, "plain"))).split())
    for words in (page, text):
        for phrase in (
            "On vous cite",
            "Inès Delmas dans Bâtiments",
            "jeudi 19 novembre à 16 h 12",
            "Recevoir les 3 autres réponses",
            "Une question sans réponse",
            "De nouveau ici : presque personne ne l’a vu",
            "Karim Haddad répond dans Informatique",
            "Trois dossiers de 2024 ne se relisent plus.",
            "Sophie Renard dans Vie du site · 3 nouveaux messages",
            "chaque jour ouvré à 7 h 30, pour « Bâtiments », « Déplacements », « Informatique » et « Vie du site ».",
        ):
            assert phrase in words, phrase
        assert "heure de" not in words
        assert "On vous cite" not in words.partition("[#27]")[2]
    assert "mailto:relais@relais.example.org?subject=LIRE%20%2344" in body(message, "html")
    assert "envoyez LIRE #12 à relais@relais.example.org" in text


def test_what_the_frame_says_of_pace_and_place() -> None:
    english = " ".join(body(read(digest_sent(WEEKLY, "en")), "plain").split())
    assert "every Monday at 8 AM, for “Bâtiments”, “Vie du site”" in english
    assert "“Chorale” and 2 more communities. The messages carry the time of Paris." in english
    assert "12 more topics found no room here." in english
    catch_up = replace(DIGEST, cadence=Cadence.CATCH_UP)
    assert "vient une seule fois" in body(read(digest_sent(catch_up)), "plain")
    every_day = replace(DIGEST, working_days=frozenset(range(7)))
    assert "chaque jour à 7" in visible(body(read(digest_sent(every_day)), "html"))


def test_nothing_hidden_fetched_or_in_a_table() -> None:
    page = body(read(digest_sent()), "html")
    assert not re.search(r"<link|@import|url\(|<script|<img|display:\s*none|visibility|font-size:\s*[01]px", page)
    assert "<table" not in re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL)
    assert 'href="#' not in page and "/t/" not in page and "/c/" not in page
    assert page.count("<h1") == 1 and page.count("<h2") == 5
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style and len(style[1].encode()) < 16_000
    for element in re.findall(r"<(?:div|p|h1|h2|a)\b[^>]*>", page):
        assert 'style="' in element or 'class="words"' in element, element


def test_premailer_runs_per_template_and_never_per_item(monkeypatch: pytest.MonkeyPatch) -> None:
    digest_sent()

    def refuse(*_: object, **__: object) -> str:
        raise AssertionError("premailer ran again")

    monkeypatch.setattr(premailer.Premailer, "transform", refuse)
    assert digest_sent(replace(DIGEST, day=date(2026, 12, 1)))


@pytest.mark.parametrize(("mail", "locale"), [(DIGEST, "fr"), (WEEKLY, "en")])
def test_what_was_sent_is_known_word_for_word(mail: DigestMail, locale: str) -> None:
    fragments = fragments_of(SOURCES, ITEMS, locale)
    message = read(digest_sent(mail, locale))
    # A composer that has just started knows no less: what is stored suffices.
    known = digest_composer().sent_digest(mail, fragments, locale)
    for subtype, pieces in (
        ("html", [piece.html for piece in known.pieces]),
        ("plain", [piece.text for piece in known.pieces]),
    ):
        assert "".join(pieces).rstrip("\n") == TOKEN.sub("", body(message, subtype)).rstrip("\n")
    assert known.digest_id == mail.digest_id
    assert known.topics == tuple(item.topic_id for item in mail.items)
    posts = {piece.topic_id: piece.post_id for piece in known.pieces}
    by_topic = {source.topic_id: source for source in SOURCES}
    for item in mail.items:
        assert posts[item.topic_id] == (by_topic[item.topic_id].post_id if item.shape is Shape.FULL else item.last)
    assert posts[None] is None


@pytest.mark.parametrize("hostile", INJECTIONS)
def test_no_words_add_a_field_or_a_slot(hostile: str) -> None:
    source = replace(
        QUOTE, title=hostile, community_name=hostile, opener=(hostile, QUOTE.opener[1]), excerpt_text=hostile,
        latest=(hostile, hostile), latest_files=(ToldFile(1, hostile, 1),),
    )  # fmt: skip
    mail = replace(DIGEST, network=hostile, communities=(hostile,), items=ITEMS[:1])
    data = digest_composer().compose(mail, fragments_of([source], ITEMS[:1], "fr"), DELIVERY).data
    message = read(data)
    assert message.keys() == INTENDED
    assert [address.addr_spec for address in message["To"].addresses] == [DELIVERY.address]
    assert [address.addr_spec for address in message["From"].addresses] == ["digest@relais.example.org"]
    assert len(re.findall(r"mailto:reply\+[a-z2-7]+@", body(message, "html"))) == 1


def test_markup_of_people_is_words() -> None:
    bad = "<b>x</b>\"onload='"
    source = replace(QUOTE, title=bad, community_name=bad, opener=(bad, QUOTE.opener[1]), excerpt_text=bad)
    source = replace(source, latest=(bad, bad), files=(ToldFile(1, bad, 1),))
    for shape in Shape:
        fragment = digest_composer().render_fragment(source, shape, "en")
        assert "<b>x" not in fragment.html and not re.search('<[^>]*"onload', fragment.html)
        assert bad in fragment.text.replace(" \n", " ")


def test_a_bad_identity_does_not_leave() -> None:
    fragments = fragments_of(SOURCES, ITEMS, "fr")
    with pytest.raises(CompositionError):
        digest_composer().compose(replace(DIGEST, message_id="<a@b>\r\nBcc: x"), fragments, DELIVERY)
    with pytest.raises(CompositionError):
        digest_composer().compose(DIGEST, fragments, replace(DELIVERY, address="a@b.example\r\nBcc: x"))
    with pytest.raises(KeyError):
        digest_composer().compose(DIGEST, {}, DELIVERY)


# ── subjects ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("Chaudière de l’atelier : garder ou remplacer ?", "Chaudière de l’atelier"),
        ("Abri à vélos, les plans sont arrivés", "Abri à vélos"),
        ("Urgent : la porte", "Urgent : la porte"),
        ("Que pensez-vous de la nouvelle salle de réunion du troisième", "Que pensez-vous de la nouvelle…"),
    ],
)
def test_short_title(title: str, short: str) -> None:
    assert short_title(title) == short


@pytest.mark.parametrize(
    ("cadence", "locale", "day", "start"),
    [
        (Cadence.DAILY, "fr", date(2026, 11, 20), "[Relais] Résumé du 20\u00a0nov.\u00a0:"),
        (Cadence.DAILY, "fr", date(2026, 12, 1), "[Relais] Résumé du 1er\u00a0déc.\u00a0:"),
        (Cadence.DAILY, "en", date(2026, 12, 1), "[Relais] Digest of Dec 1:"),
        (Cadence.WEEKLY, "fr", date(2026, 11, 20), "[Relais] Résumé de la semaine, 20\u00a0nov.\u00a0:"),
        (Cadence.CATCH_UP, "en", date(2026, 11, 20), "[Relais] Left to read, Nov 20:"),
    ],
)
def test_subject_start(cadence: Cadence, locale: str, day: date, start: str) -> None:
    assert subject_start("Relais", cadence, day, RENDERER.language(locale)) == start


@given(st.lists(st.text(min_size=1, max_size=140).map(short_title), min_size=1, max_size=30))
def test_a_subject_stays_short_and_counts_the_rest(shorts: list[str]) -> None:
    subject = digest_subject("[Relais] Digest of Nov 20:", shorts)
    assert len(subject) <= 90
    assert shorts[0] in subject
    rest = re.search(r", \+(\d+)\Z", subject)
    assert rest is None or int(rest[1]) < len(shorts)


def test_subject_of_the_mail() -> None:
    subject = str(read(digest_sent())["Subject"])
    assert subject == "[Relais] Résumé du 20\u00a0nov.\u00a0: Chaudière de l’atelier, Abri à vélos, +4"


# ── weight and speed ─────────────────────────────────────────────────────────────────────────────────────────────────

FRENCH = (
    "Le devis du chauffagiste est arrivé hier : quatorze mille euros, pose comprise. L’ancienne tiendra peut-être un "
    "hiver de plus, mais la pièce qui lâche chaque décembre ne se fabrique plus. Qui peut demander une visite ? "
) * 12


def many(count: int, words: str = FRENCH, shape: Shape = Shape.FULL) -> tuple[list[FragmentSource], list[Item]]:
    sources = [
        replace(QUOTE, topic_id=n, post_id=9_000 + n, title=words[:60], excerpt_text=words, latest=("Paul", words))
        for n in range(100, 100 + count)
    ]
    return sources, [item_of(source, shape) for source in sources]


def weigh(sources: Sequence[FragmentSource], items: Sequence[Item]) -> int:
    mail = replace(DIGEST, items=tuple(items), left_out=40)
    return len(digest_composer().compose(mail, fragments_of(sources, items, "fr"), DELIVERY).data)


@pytest.mark.parametrize("files", [0, 1, 9])
def test_twelve_long_items_stay_below_the_budget(files: int) -> None:
    sources, items = many(12)
    named = tuple(ToldFile(i, FRENCH[:57] + ".pdf", 10**7) for i in range(2**40, 2**40 + files))
    sources = [replace(source, files=named, latest_files=named[:2]) for source in sources]
    assert weigh(sources, items) < 60_000


@pytest.mark.parametrize("words", ["Ж ", "漢", "<&", "https://a.example/ ", "😀", "é\n"])
def test_twelve_items_in_any_alphabet_stay_below_the_hard_stop(words: str) -> None:
    sources, items = many(12, words * 3_000)
    names = {"community_name": words * 100, "opener": (words * 100, QUOTE.opener[1])}
    names["files"] = tuple(ToldFile(i, words * 80, 10**9) for i in range(9))
    assert weigh([replace(source, **names) for source in sources], items) < 90_000  # type: ignore[arg-type]


@pytest.mark.parametrize(("shape", "most"), [(Shape.FULL, FULL_OCTETS), (Shape.LINE, LINE_OCTETS)])
@pytest.mark.parametrize("words", ["Ж ", "漢", "<&", "'\"", "😀"])
def test_an_item_has_a_weight_at_most(shape: Shape, most: int, words: str) -> None:
    sources, _ = many(1, words * 3_000, shape)
    files = tuple(ToldFile(i, words * 80 + ".odt", 10**9) for i in range(2**40, 2**40 + 9))
    source = replace(sources[0], community_name=words * 100, opener=(words * 100, QUOTE.opener[1]), files=files)
    for locale in ("fr", "en"):
        assert _encode(digest_composer().render_fragment(source, shape, locale)).octets <= most


def test_remembered_fragments_stay_within_their_octets() -> None:
    sources, items = many(40)
    composer = DigestComposer(SITE, KEYS, RENDERER, octets=50_000)
    fragments = fragments_of(sources, items, "fr", composer)
    mail = replace(DIGEST, items=tuple(items))
    first = composer.compose(mail, fragments, DELIVERY).data
    assert composer.compose(mail, fragments, DELIVERY).data == first
    assert 0 < composer._encoded._held <= 50_000
    assert composer._encoded._held == sum(stretch.size for stretch in composer._encoded._stretches.values())


def test_a_fragment_that_was_rendered_anew_is_sent_anew() -> None:
    composer, mail = digest_composer(), replace(DIGEST, items=ITEMS[:1])
    old = fragments_of([QUOTE], ITEMS[:1], "fr", composer)
    composer.compose(mail, old, DELIVERY)
    new = fragments_of([replace(QUOTE, excerpt_text="Erased.")], ITEMS[:1], "fr", composer)
    assert "Erased." in body(read(composer.compose(mail, new, DELIVERY).data), "plain")


def test_one_more_reader_costs_next_to_nothing() -> None:
    sources, items = many(12)
    composer = digest_composer()
    fragments = fragments_of(sources, items, "fr", composer)
    mails = [replace(DIGEST, digest_id=n, message_id=f"<d{n}@x.example>", items=tuple(items)) for n in range(200)]
    composer.compose(mails[0], fragments, DELIVERY)
    start = time.process_time()
    for mail in mails:
        composer.compose(mail, fragments, DELIVERY)
    # Ten times what it takes: a machine may be slow, but one that renders per reader is slower still.
    assert (time.process_time() - start) / len(mails) < 0.0015


# ── whatever comes ───────────────────────────────────────────────────────────────────────────────────────────────────

WORDS = st.text(st.characters(codec="utf-8"), max_size=120)
WHY = st.sampled_from([None, Why.ANSWERS_YOU, Why.MENTIONS_YOU, Why.YOU_FOLLOW, Why.YOU_TAKE_PART])
FILES = st.lists(st.builds(ToldFile, st.integers(1, 2**40), WORDS, st.integers(0, 2**40)), max_size=5).map(tuple)


@st.composite
def sources_and_items(draw: st.DrawFn) -> tuple[list[FragmentSource], list[Item]]:
    topics = draw(st.lists(st.integers(1, 99_999), min_size=1, max_size=5, unique=True))
    sources, items = [], []
    for topic in topics:
        source = replace(
            BIKES,
            topic_id=topic,
            post_id=draw(st.integers(1, 2**40)),
            title=draw(WORDS),
            community_name=draw(WORDS),
            opener=(draw(WORDS), BIKES.opener[1]),
            excerpt_text=draw(st.text(max_size=800)),
            latest=draw(st.none() | st.tuples(WORDS, st.text(max_size=300))),
            news=draw(st.integers(1, 2_000)),
            more=draw(st.integers(0, 2_000)),
            question=draw(st.booleans()),
            waiting=draw(WHY),
            files=draw(FILES),
            latest_files=draw(FILES),
        )
        items.append(item_of(source, draw(st.sampled_from(Shape))))
        sources.append(source)
    return sources, items


@settings(deadline=None, max_examples=60)
@given(sources_and_items(), st.sampled_from(Cadence), st.sampled_from(["fr", "en"]), st.lists(WORDS, max_size=9), WORDS)
def test_any_digest_reads_back_as_intended(
    told: tuple[list[FragmentSource], list[Item]], cadence: Cadence, locale: str, communities: list[str], network: str
) -> None:
    sources, items = told
    mail = replace(
        DIGEST, items=tuple(items), cadence=cadence, communities=tuple(communities), network=network, left_out=3
    )
    fragments = fragments_of(sources, items, locale)
    data = digest_composer().compose(mail, fragments, replace(DELIVERY, locale=locale)).data
    message = read(data)
    assert message.keys() == INTENDED
    assert [address.addr_spec for address in message["To"].addresses] == [DELIVERY.address]
    page, text = body(message, "html"), body(message, "plain")
    lines = unflowed(text)
    for item in items:
        assert f"[#{item.topic_id}]" in page
        assert any(line.startswith(f"[#{item.topic_id}]") for line in lines)
        if item.shape is Shape.FULL:
            assert WRITE_HERE[locale].format(item.topic_id) in lines
    known: SentDigest = digest_composer().sent_digest(mail, fragments, locale)
    assert "".join(piece.text for piece in known.pieces).split() == TOKEN.sub("", text).split()
    assert set(known.topics) == {item.topic_id for item in items}


def test_missed_items_are_keyed_apart() -> None:
    fragment = Fragment("<p>x</p>\n", "[#12] x\n")
    missed = replace(ITEMS[0], section=Section.MISSED, why=(Why.EVERYONE_MISSED,))
    mail = replace(DIGEST, items=(missed,))
    data = digest_composer().compose(mail, {fragment_key(missed, "fr", ZONE): fragment}, DELIVERY).data
    assert "[#12] x" in body(read(data), "plain")


# ── colours ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sheet", "ink", "ground"),
    [
        ("inline.css", "#e6f2ec", "#164a37"),
        ("inline.css", "#cfe5da", "#164a37"),
        ("inline.css", "#7a4307", "#fbecd6"),
        ("inline.css", "#4d555a", "#eceae4"),
        ("inline.css", "#1a654a", None),
        ("inline.css", "#5c6469", None),
        ("screen.css", "#f2c283", "#43331c"),
        ("screen.css", "#c9cdd0", "#33383d"),
        ("screen.css", "#a6e0c6", None),
        ("screen.css", "#a9aeb1", None),
    ],
)
def test_contrast(sheet: str, ink: str, ground: str | None) -> None:
    styles = (RENDERER._folder / "digest" / sheet).read_text("utf-8")
    assert ink in styles and (ground is None or ground in styles)
    below = ground or {"inline.css": "#ffffff", "screen.css": "#1d2024"}[sheet]
    lighter, darker = sorted((luminance(ink), luminance(below)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
