"""Each answer goes to the topic it was written under, in every program; and what has no place is placed nowhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.digest import Part, SentDigest
from inbound.digest_reply import split
from inbound.parse import parse
from tests.inbound.answering_clients import CLIENTS, HTML_CLIENTS, Written, answer, mail_of
from tests.inbound.sent_digests import SENTENCE, digest, single

SAID = {
    "fr": {12: "C'est moi qui la garde, je la rends lundi.", 31: "Merci Inès, la page est parfaite."},
    "en": {12: "I keep it, and bring it back on Monday.", 31: "Thanks Ines, the page is perfect."},
}
GENERAL = {"fr": "Bonjour, c'est bon pour moi.", "en": "Hello, that is all right with me."}
IN_BOTH = [(name, language) for name in CLIENTS for language in ("fr", "en")]
clients = pytest.mark.parametrize(("client", "language"), IN_BOTH)


def parts(found: tuple[Part, ...]) -> list[tuple[int | None, str, str]]:
    return [(part.topic_id, part.placed_by.value, part.text) for part in found]


def placed(
    client: str, language: str, written: Written, sent: SentDigest | None = None
) -> list[tuple[int | None, str, str]]:
    sent = sent or digest(language)
    return parts(split(answer(CLIENTS[client], sent, language, written), sent))


@clients
def test_words_under_two_topics_go_to_both(client: str, language: str) -> None:
    said = SAID[language]
    assert placed(client, language, Written(under=said)) == [
        (12, "position", said[12]),
        (31, "position", said[31]),
    ]


@clients
def test_words_typed_inside_the_quote_are_found(client: str, language: str) -> None:
    said = SAID[language]
    assert placed(client, language, Written(inside=said)) == [
        (12, "position", said[12]),
        (31, "position", said[31]),
    ]


@clients
def test_words_above_an_untouched_digest_are_placed_nowhere(client: str, language: str) -> None:
    said = GENERAL[language]
    assert placed(client, language, Written(top=said)) == [(None, "nowhere", said)]


@clients
def test_words_below_an_untouched_digest_are_placed_nowhere(client: str, language: str) -> None:
    said = GENERAL[language]
    assert placed(client, language, Written(bottom=said)) == [(None, "nowhere", said)]


@clients
def test_an_answer_to_one_sentence_goes_where_it_stands(client: str, language: str) -> None:
    written = Written(bottom=SAID[language][31], selection=SENTENCE[language])
    assert placed(client, language, written) == [(31, "quoted", SAID[language][31])]


@clients
def test_an_answer_above_one_sentence_goes_where_it_stands(client: str, language: str) -> None:
    written = Written(top=SAID[language][31], selection=SENTENCE[language])
    assert placed(client, language, written) == [(31, "quoted", SAID[language][31])]


@clients
def test_a_typed_number_places_what_stands_above_everything(client: str, language: str) -> None:
    said = SAID[language]
    written = Written(top=f"#12 {said[12]}\n\n[#31]: {said[31]}\n\n#99 mute")
    assert placed(client, language, written) == [
        (12, "typed", said[12]),
        (31, "typed", said[31]),
        (99, "typed", "mute"),
    ]


@clients
def test_a_greeting_above_and_a_name_below_are_no_answer(client: str, language: str) -> None:
    said = SAID[language]
    hello, bye = {"fr": ("Bonjour à tous,", "Cordialement,\nAlice Martin")}.get(
        language, ("Hello everyone,", "Best regards\nAlice Martin")
    )
    mail = answer(CLIENTS[client], digest(language), language, Written(top=hello, under=said, bottom=bye))
    found = split(replace(mail, author_name="Alice Martin"), digest(language))
    assert parts(found) == [(12, "position", said[12]), (31, "position", said[31])]


@clients
def test_one_topic_needs_no_place(client: str, language: str) -> None:
    written = Written(top=GENERAL[language])
    assert placed(client, language, written, single(language)) == [(12, "only_topic", GENERAL[language])]


@clients
def test_nothing_written_is_nothing(client: str, language: str) -> None:
    assert placed(client, language, Written()) == []


@pytest.mark.parametrize("client", HTML_CLIENTS)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_text_part_alone_says_the_same(client: str, language: str) -> None:
    sent, said = digest(language), SAID[language]
    for written in (Written(under=said), Written(inside=said), Written(top=GENERAL[language])):
        mail = answer(CLIENTS[client], sent, language, written)
        if mail.text:
            assert split(replace(mail, html=None), sent) == split(mail, sent)


ANSWERS = Path(__file__).parent / "digest_answers"
REAL = {
    "inline": ["position", "position"],
    "inside": ["position", "position"],
    "typed": ["typed", "typed"],
    "selection": ["quoted"],
    "trimmed": ["position"],
    "top": ["nowhere"],
    "bottom": ["nowhere"],
    "glued": ["nowhere"],
}


@pytest.mark.parametrize("file", sorted(path.stem for path in ANSWERS.glob("*.eml")))
def test_answers_of_real_programs(file: str) -> None:
    mail = parse((ANSWERS / f"{file}.eml").read_bytes())
    _, language, *_, style = file.split("-")
    said = SAID[language]
    topics = {"selection": [31], "trimmed": [12]}.get(style, [None] if REAL[style] == ["nowhere"] else [12, 31])
    texts = [GENERAL[language] if topic is None else said[topic] for topic in topics]
    expected = list(zip(topics, REAL[style], texts, strict=True))
    assert parts(split(mail, digest(language))) == expected
    if mail.html and mail.text:
        assert parts(split(replace(mail, html=None), digest(language))) == expected


NAME = "Le 20/11/2026 à 07:30, Relais a écrit :\n"
TEXT = "".join(piece.text for piece in digest("fr").pieces)
HTML = "".join(piece.html for piece in digest("fr").pieces)


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def of_text(text: str) -> list[tuple[int | None, str, str]]:
    return parts(split(mail_of(text, None), digest("fr")))


def of_html(html: str) -> list[tuple[int | None, str, str]]:
    return parts(split(mail_of(None, html), digest("fr")))


@clients
@pytest.mark.parametrize("said", ["ok", "+1", "merci", "👍", "https://intra.example/doc/3", "?"])
def test_the_shortest_answers_are_kept(client: str, language: str, said: str) -> None:
    assert placed(client, language, Written(under={27: said})) == [(27, "position", said)]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "said",
    [
        "D'accord pour jeudi",
        "Répondre avant deux signatures.",
        "Je préviens la cuisine mardi et demande 240 € pour la soupe",
        "Le vote, le menu, le jour : tout le monde le sait.",
        "La moitié veut une soupe ? Pas moi.",
    ],
)
def test_an_answer_may_use_the_words_of_the_digest(client: str, said: str) -> None:
    assert placed(client, "fr", Written(under={27: said})) == [(27, "position", said)]
    assert placed(client, "fr", Written(under={12: said})) == [(12, "position", said)]
    assert placed(client, "fr", Written(inside={27: said})) == [(27, "position", said)]
    assert placed(client, "fr", Written(top=said)) == [(None, "nowhere", said)]


def test_a_trimmed_tail_moves_no_answer() -> None:
    kept = "".join(piece.text for piece in digest("fr").pieces[:2])
    assert of_text(f"{NAME}{quoted(kept)}\n\nElle est chez moi.\n") == [(12, "position", "Elle est chez moi.")]


def test_what_was_typed_at_the_end_of_a_quoted_line_is_the_persons() -> None:
    typed = "pendant trois jours. Elle est chez moi !"
    expected = [(12, "position", "Elle est chez moi !")]
    assert of_text(NAME + quoted(TEXT.replace("pendant trois jours.", typed))) == expected
    html = HTML.replace("pendant trois jours.", typed)
    assert of_html(f'<div class="moz-cite-prefix">{NAME}</div><blockquote type="cite">{html}</blockquote>') == expected


def test_a_word_changed_in_the_quote_is_no_answer() -> None:
    assert of_text(NAME + quoted(TEXT.replace("dès jeudi", "dès demain"))) == []


def test_several_runs_under_one_topic_are_one_answer() -> None:
    text = quoted(TEXT).replace("> Le serrurier", "Chez moi.\n\n> Le serrurier")
    text = text.replace("> -- Votre réponse au sujet #12", "Et lundi chez Marc.\n\n> -- Votre réponse au sujet #12")
    assert of_text(NAME + text) == [(12, "position", "Chez moi.\n\nEt lundi chez Marc.")]


def test_an_answer_to_an_answer_leaves_the_older_one() -> None:
    older = quoted(f"Réponse ancienne\n\n{NAME}{quoted(TEXT)}").replace("> > =====", "> Ancienne aussi\n> > =====", 2)
    name = "Le 21/11/2026 à 10:00, Alice a écrit :\n"
    assert of_text(f"Et moi lundi.\n\n{name}{older}") == [(None, "nowhere", "Et moi lundi.")]
    under = older.replace("> > -- Votre réponse au sujet #27", "Pour la soupe.\n> > -- Votre réponse au sujet #27")
    assert of_text(f"{name}{under}") == [(27, "position", "Pour la soupe.")]


def test_a_forwarded_digest_has_its_comment_nowhere() -> None:
    head = (
        "---------- Forwarded message ---------\nDe : Relais <digest@relais.example>\nDate: ven. 20 nov. 2026 à 07:30\n"
    )
    head += "Subject: Résumé\nTo: Alice <a@example.org>\n\n"
    assert of_text(f"Voyez le sujet des menus.\n\n{head}{TEXT}") == [(None, "nowhere", "Voyez le sujet des menus.")]
    assert of_text(f"#27 Voyez.\n\n{head}{TEXT}") == [(27, "typed", "Voyez.")]
    assert of_text(head + TEXT) == []


def test_signatures_disclaimers_and_banners_are_no_answers() -> None:
    banner = "> CAUTION: This email originated from outside of the organization. Do not click links.\n>\n"
    text = quoted(TEXT).replace("> -- Votre réponse au sujet #12", "Chez moi.\n\n> -- Votre réponse au sujet #12")
    below = (
        "\n-- \nAlice Martin\n02 40 00 00 00\n\nCe message est confidentiel et réservé à son destinataire. Reçu par "
        "erreur, merci de le détruire et d'avertir l'expéditeur. Toute diffusion est interdite.\n"
    )
    assert of_text(NAME + banner + text + below) == [(12, "position", "Chez moi.")]


def test_a_contact_block_above_answers_is_no_answer() -> None:
    top = "Bonjour,\n\nAlice Martin\nResponsable achats\nTél. 02 40 00 00 00"
    mail = answer(CLIENTS["outlook word"], digest("fr"), "fr", Written(top=top, under={12: "Chez moi."}))
    found = split(replace(mail, author_name="Alice Martin"), digest("fr"))
    assert parts(found) == [(12, "position", "Chez moi.")]


def test_copied_titles_place_what_stands_below_them() -> None:
    text = "[#31] Retour d’expérience : les nouveaux écrans\nBravo !\n\n[#27]\nOui."
    assert of_text(text) == [(31, "position", "Bravo !"), (27, "typed", "Oui.")]
    assert of_text(f"{text}\n\n{NAME}{quoted(TEXT)}") == [(31, "position", "Bravo !"), (27, "typed", "Oui.")]


def test_a_typed_number_wins_over_position_until_the_next_words_of_the_digest() -> None:
    written = Written(under={12: "Chez moi.\n#31 mute", 27: "Oui."})
    assert placed("thunderbird", "fr", written) == [
        (12, "position", "Chez moi."),
        (31, "typed", "mute"),
        (27, "position", "Oui."),
    ]


def test_a_part_knows_the_runs_it_was_written_in() -> None:
    written = Written(top="#12 mute\n\nBon.\n#12 Oui.", under={27: "Non.\n\nMerci."})
    sent = digest("fr")
    found = split(answer(CLIENTS["gmail"], sent, "fr", written), sent)
    assert [(part.text, part.runs) for part in found] == [
        ("mute\n\nBon.\n\nOui.", ("mute", "Bon.", "Oui.")),
        ("Non.\n\nMerci.", ()),
    ]


def test_what_is_typed_for_a_topic_stays_apart_from_what_stands_under_it() -> None:
    written = Written(top="#12 mute", under={12: "Chez moi."})
    assert placed("gmail", "fr", written) == [(12, "typed", "mute"), (12, "position", "Chez moi.")]


def test_a_few_selected_words_are_enough_where_they_stand_in_one_topic() -> None:
    assert of_text(f"{NAME}> nouveau cylindre\n\nOui.") == [(12, "quoted", "Oui.")]
    begin = f'<div class="moz-cite-prefix">{NAME}</div><blockquote type="cite">'
    assert of_html(f"{begin}nouveau cylindre</blockquote>Oui.") == [(12, "quoted", "Oui.")]
    assert of_text(f"{NAME}> hier à\n\nOui.") == [(None, "nowhere", "Oui.")]
    assert of_text(f"{NAME}> autre chose\n\nOui.") == [(None, "nowhere", "Oui.")]


def test_a_sentence_of_two_topics_places_nothing() -> None:
    first, second, *others = digest("fr").pieces
    twice = [
        replace(piece, html=piece.html + "<p>Qui vient mardi soir ?</p>", text=piece.text + "Qui vient mardi soir ?\n")
        for piece in (second, others[0])
    ]
    sent = replace(digest("fr"), pieces=(first, *twice, *others[1:]))
    found = split(mail_of(f"{NAME}> Qui vient mardi soir ?\n\nMoi.", None), sent)
    assert parts(found) == [(None, "nowhere", "Moi.")]


def test_a_title_that_the_summary_names_too_is_its_topics() -> None:
    first, *others = digest("fr").pieces
    said = "« Local à vélos : qui garde la clé ? » vous attend."
    sent = replace(
        digest("fr"), pieces=(replace(first, html=f"<p>{said}</p>{first.html}", text=f"{said}\n{first.text}"), *others)
    )
    found = split(mail_of(f"{NAME}> Local à vélos : qui garde la clé ?\n\nMoi.", None), sent)
    assert parts(found) == [(12, "quoted", "Moi.")]


def test_words_above_the_first_topic_and_under_the_summary_are_placed_nowhere() -> None:
    text = quoted(TEXT).replace("> Placez", "Une question générale ?\n> Placez")
    assert of_text(NAME + text) == [(None, "nowhere", "Une question générale ?")]


def test_two_bodies_that_disagree_place_nothing() -> None:
    sent = digest("fr")
    html = answer(CLIENTS["thunderbird"], sent, "fr", Written(under={12: "Chez moi, je crois."})).html
    text = answer(CLIENTS["thunderbird"], sent, "fr", Written(under={27: "Chez moi, je crois."})).text
    assert parts(split(mail_of(text, html), sent)) == [(None, "nowhere", "Chez moi, je crois.")]


@pytest.mark.parametrize("said", ["STOP", "merci", "Bonjour,\n\nje viens.\nAlice", "Bonjour"])
def test_words_without_any_quote_are_placed_nowhere(said: str) -> None:
    assert of_text(said) == [(None, "nowhere", said)]


@pytest.mark.parametrize(("text", "html"), [(None, None), ("", ""), (" \n", "<p>&nbsp;</p>"), ("> ", "<blockquote>")])
def test_an_empty_mail_has_no_parts(text: str | None, html: str | None) -> None:
    assert split(mail_of(text, html), digest("fr")) == ()


def test_a_broken_link_is_no_answer() -> None:
    wrapped = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Frelais.example\n%2Ft%2F12&data=05%7C02"
    text = TEXT.replace("https://relais.example/t/12?k=zx8", f"{wrapped}&reserved=0")
    head = (
        "De : Relais <digest@relais.example>\nEnvoyé : vendredi 20 novembre 2026 07:30\nÀ : Alice\nObjet : Résumé\n\n"
    )
    assert of_text(f"Oui.\n\n{head}{text}") == [(None, "nowhere", "Oui.")]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nobody_steers_the_answers_to_another_topic_by_what_they_wrote(language: str) -> None:
    """The words of topic 12 hold what looks like the item of topic 31, without the line of its author."""
    sent = digest(language)
    mine, true = (next(piece for piece in sent.pieces if piece.topic_id == topic) for topic in (12, 31))
    item = true.text.strip().split("\n")[1:]
    forged = "\n".join((item[0], *item[2:]))
    evil = replace(mine, text=f"{mine.text}{forged}\n", html=f"{mine.html}<pre>{forged}</pre>")
    sent = replace(sent, pieces=tuple(evil if piece is mine else piece for piece in sent.pieces))
    said = SAID[language][31]
    for kept in (item, [item[0], *item[2:]], item[:1], item[:2], item[2:], item[3:5]):
        text = "\n".join(f"> {line}".rstrip() for line in kept) + f"\n\n{said}\n"
        [part] = split(mail_of(text, None), sent)
        assert part.topic_id in (31, None), kept
        assert part.text.endswith(said)
    # And the true heading is enough.
    [part] = split(mail_of(f"> {item[0]}\n\n{said}\n", None), sent)
    assert (part.topic_id, part.text) == (31, said)


def test_a_link_that_had_a_token_is_no_answer() -> None:
    sent = digest("en")
    last = sent.pieces[-1]
    last = replace(last, text=last.text.replace(" : https", " :\nhttps").replace("/u/tok", "/u/"))
    sent = replace(sent, pieces=(*sent.pieces[:-1], last))
    quoted = "".join(piece.text for piece in sent.pieces).replace("/u/", "/u/aecccaacm562srx3njemxdr5zvoa")
    head = "________________________________\nFrom: Relais\nSent: Friday 20 November 2026 07:30\nTo: Bob\nSubject: x"
    assert parts(split(mail_of(f"WEEKLY\n\n{head}\n\n{quoted}", None), sent)) == [(None, "nowhere", "WEEKLY")]
    mine = "WEEKLY\n\nhttps://elsewhere.example/u/aecccaacm562srx3njemxdr5zvoa"
    assert split(mail_of(mine, None), sent)[0].text == mine


def test_nobody_answers_thousands_of_topics() -> None:
    text = "\n".join(f"#{number} Yes." for number in range(1000, 4000))
    found = split(mail_of(text, None), digest("en"))
    assert len(found) == 101
    assert (found[-1].topic_id, found[-1].text.count("Yes.")) == (None, 2900)
    assert found[-1].text.startswith("#1100 Yes.")


@pytest.mark.parametrize("said", ["2 > 1, non ?", "Karl <karl@people.example> le sait.", "a -> b"])
def test_the_sign_of_a_quote_within_a_line_is_the_persons(said: str) -> None:
    kept = "".join(piece.text for piece in digest("fr").pieces[:2])
    assert of_text(f"{NAME}{quoted(kept)}\n\n{said}\n") == [(12, "position", said)]
    assert of_text(f"{said}\n\n{NAME}{quoted(TEXT)}\n") == [(None, "nowhere", said)]
