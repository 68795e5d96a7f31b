"""Words typed where an attribution stands are the person's, and the attribution is none of theirs."""

from __future__ import annotations

import pytest

from inbound.body import read_body
from inbound.lines import Line, Mark
from inbound.parse import parse
from inbound.seams import apart
from tests.inbound.mails import HEAD, multipart, part

INTRO = {"fr": "Le 2026-11-20 06:30, Relais a écrit :", "en": "On 2026-11-20 06:30, Relais wrote:"}


@pytest.mark.parametrize("language", INTRO)
@pytest.mark.parametrize(
    "said", ["C'est bon pour moi.", "C'est bon pour moi. ", "d'accord", "👍", "On y va (enfin)", "12 ? Oui!"]
)
def test_words_and_an_attribution_are_two_lines(said: str, language: str) -> None:
    glued = Line(said + INTRO[language], Mark.QUOTE, 0)
    assert [(line.text, line.mark) for line in apart([glued])] == [(said, Mark.NONE), (INTRO[language], Mark.QUOTE)]


@pytest.mark.parametrize(
    "text",
    [
        INTRO["fr"],
        INTRO["en"],
        "> Fine. On 2026-11-20 06:30, Ann wrote:",
        "Ann <ann@people.example> On 2026-11-20 06:30 wrote:",
        "It begins.On 3 December at 10:00 we meet, then I write:",
        "Que dit Ann ?Le 3 mai.",
        "See the plan of level 2.On 2 floors:",
        "",
    ],
)
def test_other_lines_stay_whole(text: str) -> None:
    assert apart([Line(text)]) == [Line(text)]


@pytest.mark.parametrize("language", INTRO)
def test_an_answer_typed_before_the_attribution_is_read(language: str) -> None:
    quote = "The locksmith comes on Tuesday."
    text = f"Fine with me.{INTRO[language]}\n\n> {quote}\n"
    html = (
        f'<p id="reply-intro">Fine with me.{INTRO[language]}</p>'
        f'<blockquote type="cite"><div id="replybody1"><p>{quote}</p></div></blockquote><p><br></p>'
    )
    head = HEAD + b"Subject: Re: Locksmith\r\nIn-Reply-To: <1@relais.example>\r\n"
    both = parse(head + multipart("alternative", part("text/plain", text), part("text/html", html)))
    only = parse(head + multipart("alternative", part("text/html", html)))
    for mail in (both, only):
        body = read_body(mail)
        assert (body.text, body.html) == ("Fine with me.", None)
        assert quote in body.quoted
