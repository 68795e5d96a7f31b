"""Answers inside the quote in the shapes that people give them: coloured, in a list, in a table, behind a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inbound.digest_reply import split
from tests.inbound.answering_clients import HTML_CLIENTS, Written, answer
from tests.inbound.sent_digests import digest

SHAPES = {
    "coloured": ('<p class="MsoNormal"><span style="color:#4472C4">{}<o:p></o:p></span></p>', "{}"),
    "list": ("<ol><li>{}</li><li>240 € ?</li></ol>", "- {}\n- 240 € ?"),
    "table": ('<table border="1"><tr><td>{}</td><td>200 €</td></tr></table>', "{} 200 €"),
    "framed": ('<div style="border:1px solid red"><b>[Alice]</b> {}</div>', "[Alice] {}"),
}
ABOVE = {
    "fr": "Bonjour,\n\nMes réponses en bleu ci-dessous.\n\nCordialement,\nAlice Martin",
    "en": "Hi all,\n\nPlease see my answers in blue below.\n\nBest regards,\nAlice Martin",
}
SAID = {"fr": "C'est moi qui la garde.", "en": "I keep it until Monday."}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("client", HTML_CLIENTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_an_answer_of_any_shape_is_found(shape: str, client: str, language: str) -> None:
    html, text = SHAPES[shape]
    sent = digest(language)
    mail = answer(HTML_CLIENTS[client], sent, language, Written(top=ABOVE[language], inside={12: "TYPED"}))
    assert mail.html
    typed = replace(
        mail, html=mail.html.replace("TYPED", html.format(SAID[language])), text=None, author_name="Alice Martin"
    )
    assert [(part.topic_id, part.text) for part in split(typed, sent)] == [(12, text.format(SAID[language]))]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("client", HTML_CLIENTS)
def test_an_answer_behind_a_sentence_in_its_paragraph_is_found(client: str, language: str) -> None:
    sent, last = digest(language), {"fr": "pendant trois jours.", "en": "for three days."}[language]
    mail = answer(HTML_CLIENTS[client], sent, language, Written())
    assert mail.html
    typed = mail.html.replace(last, f'{last} <span style="color:blue">{SAID[language]}</span>')
    assert typed != mail.html
    found = split(replace(mail, html=typed, text=None), sent)
    assert [(part.topic_id, part.text) for part in found] == [(12, SAID[language])]
