"""Attributions as mail programs write them: marked and unmarked quotes, on one line and wrapped."""

from __future__ import annotations

import textwrap

import pytest

from inbound import attribution
from inbound.quoting import Label, Line, label

ATTRIBUTIONS = [
    "On Mon, 2 Mar 2026 at 10:00, Bob Roux <bob@example.org> wrote:",
    "On Monday, March 2, 2026 at 10:00:00 AM GMT+1, Bob Roux <bob@example.org> wrote:",
    "On Mar 2, 2026, at 10:00, Bob Roux <bob@example.org> wrote:",
    "On 2 Mar 2026, 10:00 +0100, Bob Roux <bob@example.org>, wrote:",
    "On 02/03/2026 10:00, Bob Roux wrote:",
    "On 3/2/26, Bob Roux <bob@example.org> wrote:",
    "Bob Roux <bob@example.org> wrote on Mon, 2 Mar 2026 10:00:",
    "Bob Roux wrote on 02.03.2026 10:00:",
    "At 10:00 02/03/2026, Bob Roux wrote:",
    "On Behalf Of Bob Roux <bob@example.org>, 2 March 2026 10:00, wrote:",
    "Quoting Bob Roux <bob@example.org>:",
    "Le lun. 2 mars 2026 à 10:00, Bob Roux <bob@example.org> a écrit :",
    "Le lundi 2 mars 2026 à 10:00:00 UTC+1, Bob Roux <bob@example.org> a écrit :",
    "Le 2 mars 2026 à 10 h 00, Bob Roux a écrit :",
    "Le 02/03/2026 à 10:00, Bob Roux via Projets a écrit :",
    "Le 2 mars 2026 à 10:00, bob@example.org a écrit :",
    "Bob Roux, le lun. 02 mars 2026 10:00:00 +0100, a écrit :",
    "Bob Roux, le 2 mars 2026 à 10:00, écrivait :",
    "Bob Roux <bob@example.org> a écrit :",
    "De : Bob Roux <bob@example.org> a écrit le 02/03/2026 10:00 :",
    '2 mars 2026 10:00 "Bob Roux" <bob@example.org> a écrit:',
    "Le Mon, 2 Mar 2026 10:00:00 +0100, Bob Roux <bob@example.org> a écrit :",
    "Am Mo., 2. März 2026 um 10:00 Uhr schrieb Bob Roux <bob@example.org>:",
    "Am 02.03.26 um 10:00 schrieb Bob Roux:",
    "Bob Roux <bob@example.org> schrieb am Mo., 2. März 2026, 10:00:",
    "Bob Roux schrieb am 02.03.2026 um 10:00 Uhr:",
    "Am Montag, 2. März 2026, 10:00:00 CET schrieb Bob Roux:",
    "El lun, 2 mar 2026 a las 10:00, Bob Roux (<bob@example.org>) escribió:",
    "El 2/3/26 a las 10:00, Bob Roux escribió:",
    "El lunes, 2 de marzo de 2026, Bob Roux <bob@example.org> escribió:",
    "Il giorno lun 2 mar 2026 alle ore 10:00 Bob Roux <bob@example.org> ha scritto:",
    "Il 02/03/26 10:00, Bob Roux ha scritto:",
    "Em seg., 2 de mar. de 2026 às 10:00, Bob Roux <bob@example.org> escreveu:",
    "Op ma 2 mrt 2026 om 10:00 schreef Bob Roux <bob@example.org>:",
    "Op 02-03-2026 om 10:00 schreef Bob Roux:",
    "Den mån 2 mars 2026 kl 10:00 skrev Bob Roux <bob@example.org>:",
    "Den 2026-03-02 kl. 10:00, skrev Bob Roux:",
    "man. 2. mar. 2026 kl. 10:00 skrev Bob Roux <bob@example.org>:",
    "Den man. 2. mar. 2026 kl. 10.00 skrev Bob Roux <bob@example.org>:",
    "ma 2. maalisk. 2026 klo 10.00 Bob Roux (bob@example.org) kirjoitti:",
    "Bob Roux kirjoitti 2.3.2026 klo 10.00:",
    "pon., 2 mar 2026 o 10:00 Bob Roux <bob@example.org> napisał(a):",
    "W dniu 2.03.2026 o 10:00, Bob Roux pisze:",
    "po 2. 3. 2026 v 10:00 odesílatel Bob Roux <bob@example.org> napsal:",
    "Dne 02. 03. 26 v 10:00 Bob Roux napsal(a):",
    "po 2. 3. 2026 o 10:00 Bob Roux <bob@example.org> napísal(a):",
    "Bob Roux <bob@example.org> ezt írta (időpont: 2026. márc. 2., H, 10:00):",
    "2026. 03. 02. 10:00 keltezéssel, Bob Roux írta:",
    "În lun., 2 mar. 2026 la 10:00, Bob Roux <bob@example.org> a scris:",
    "Bob Roux <bob@example.org>, 2 Mar 2026 Pzt, 10:00 tarihinde şunu yazdı:",
    "пн, 2 мар. 2026 г. в 10:00, Bob Roux <bob@example.org>:",
    "понедельник, 2 марта 2026 г. пользователь Bob Roux <bob@example.org> написал:",
    "02.03.2026 10:00, Bob Roux пишет:",
    "Понедельник, 2 марта 2026, 10:00 +03:00 от Bob Roux <bob@example.org>:",
    "пн, 2 бер. 2026 р. о 10:00 Bob Roux <bob@example.org> пише:",
    "На пн, 2.03.2026 г. в 10:00 Bob Roux <bob@example.org> написа:",
    "Στις Δευ 2 Μαρ 2026 στις 10:00 π.μ., ο χρήστης Bob Roux <bob@example.org> έγραψε:",
    (
        "\u202bבתאריך יום ב׳, 2 במרץ 2026 ב-10:00 מאת \u202aBob Roux\u202c\u200f "
        "<\u202abob@example.org\u202c\u200f>:\u202c"
    ),
    (
        "\u202bفي الاثنين، 2 مارس 2026 في 10:00 ص تمت كتابة ما يلي بواسطة \u202aBob "
        "Roux\u202c\u200f <\u202abob@example.org\u202c\u200f>:\u202c"
    ),
    "Bob Roux <bob@example.org> 于2026年3月2日周一 10:00写道：",
    "Bob Roux <bob@example.org> 於 2026年3月2日 週一 上午10:00寫道：",
    "2026年3月2日(月) 10:00 Bob Roux <bob@example.org>:",
    "2026/03/02 10:00、Bob Roux <bob@example.org>のメール:",
    "2026년 3월 2일 (월) 오전 10:00, Bob Roux <bob@example.org>님이 작성:",
    "ในวันที่ จ. 2 มี.ค. 2026 เวลา 10:00 Bob Roux <bob@example.org> เขียนว่า:",
    "Vào Th 2, 2 thg 3, 2026 vào lúc 10:00 Bob Roux <bob@example.org> đã viết:",
    "Pada tanggal Sen, 2 Mar 2026 pukul 10.00 Bob Roux <bob@example.org> menulis:",
    "Missatge de Bob Roux <bob@example.org> del dia dl., 2 de març 2026 a les 10:00:",
    "Bob Roux <bob@example.org> kirjutas kuupäeval E, 2. märts 2026 kell 10:00:",
    "pirmd., 2026. g. 2. marts, plkst. 10:00 — lietotājs Bob Roux (<bob@example.org>) rakstīja:",
    "2026-03-02, pr, 10:00 Bob Roux <bob@example.org> rašė:",
    "V V pon., 2. mar. 2026 ob 10:00 je oseba Bob Roux <bob@example.org> napisala:",
    "pon, 2. ožu 2026. u 10:00 Bob Roux <bob@example.org> napisao je:",
    "пон, 2. мар 2026. у 10:00 Bob Roux <bob@example.org> је написао/ла:",
    "2026-03-02 10:00 GMT+01:00 Bob Roux <bob@example.org>:",
    "Mon, 02 Mar 2026 10:00:00 +0100 Bob Roux <bob@example.org>:",
    "Bob Roux <bob@example.org> 2 Mart 2026 10:00 yazdı:",
    "Þann mán., 2. mar. 2026 kl. 10:00 skrifaði Bob Roux <bob@example.org>:",
    "---- On Mon, 02 Mar 2026 10:00:00 +0100 Bob Roux <bob@example.org> wrote ----",
    "---- Le lun., 02 mars 2026 10:00:00 +0100 Bob Roux <bob@example.org> a écrit ----",
    "Sent: Monday, Bob Roux <bob@example.org> wrote:",
]


def new_words(text: str, *, answer: bool = True, forward: bool = False) -> str:
    """The lines of `text` that are labelled new."""
    lines = [Line(line) for line in text.split("\n")]
    labels = label(lines, forward=forward, answer=answer)
    kept = [line.text for line, what in zip(lines, labels, strict=True) if what is Label.NEW]
    return "\n".join(kept).strip()


@pytest.mark.parametrize("quote", ["> old words\n> and more", "old words\nand more"])
@pytest.mark.parametrize("line", ATTRIBUTIONS)
def test_an_attribution_in_any_language_is_no_new_word(line: str, quote: str) -> None:
    shapes = [line, "\n".join(textwrap.wrap(line, 72)), line.replace(" <bob", "\n<bob").replace(" (<bob", "\n(<bob")]
    for shape in shapes:
        assert new_words(f"D'accord.\n\n{shape}\n\n{quote}\n") == "D'accord."


@pytest.mark.parametrize(
    "sentence",
    [
        "I disagree with what Bob wrote:",
        "As Bob wrote:",
        "Selon Bob <bob@example.org> :",
        "In his mail of 2019 my old friend said:",
        "We met on 3 March 2026 at 10:00 and then somebody wrote:",
        "It was nice. On Monday at 10:00 Bob wrote:",
        "Rendez-vous avec Bob <bob@example.org> à la gare, on verra bien ce que nous allons faire ensemble :",
    ],
)
def test_a_sentence_of_a_person_introduces_no_quote(sentence: str) -> None:
    assert not attribution.is_attribution(sentence, introduces=False)
    assert new_words(f"{sentence}\n\nold words") == f"{sentence}\n\nold words"


def test_what_a_person_says_above_a_quote_stays() -> None:
    assert new_words("I disagree with what Bob wrote:\n> old words\n\nIndeed.").startswith("I disagree")


@pytest.mark.parametrize(
    "line",
    [
        "En réponse à Bob Roux <bob@example.org> :",
        "Selon Bob Roux <bob@example.org>:",
        "Bob Roux (02/03/2026 10:00):",
        "* Bob Roux <bob@example.org> [2026-03-02 10:00]:",
    ],
)
def test_lines_without_a_verb_introduce_marked_quotes(line: str) -> None:
    assert new_words(f"Oui.\n\n{line}\n> old words") == "Oui."


@pytest.mark.parametrize(
    "line",
    [
        "-- Reply above this line --",
        "##- Please type your reply above this line -##",
        "##- Veuillez écrire votre réponse au-dessus de cette ligne -##",
    ],
)
def test_below_the_line_of_a_ticket_system_nothing_is_new(line: str) -> None:
    assert new_words(f"Oui.\n\n{line}\n\nold words") == "Oui."


def test_a_name_above_the_answered_mail_belongs_to_it() -> None:
    text = "Yes.\n\nAnn Martin wrote:\n\n-- REPLY ABOVE THIS LINE --\n\nold words"
    assert new_words(text) == "Yes."


def test_a_quote_that_is_glued_to_its_attribution() -> None:
    line = 'On 02/03/2026 at 9:19 AM, "Bob" wrote:Your weekly letter'
    assert attribution.glued_end(line) == line.index("Your")
    assert attribution.glued_end('On 02/03/2026 at 9:19 AM, "Bob" wrote: Your weekly letter') == 0
    assert new_words(f"Yes.\n\n{line}\nold words") == "Yes."


def test_a_quote_that_several_blanks_glue_to_its_attribution() -> None:
    head = "Le lun., juin 1, 2026 à 10:00, Eva <eva@example.org> a écrit :"
    assert new_words(f"Oui.\n\n  {head}   Tu arrives ?\nold words") == "Oui."
    assert attribution.glued_end(f"{head} Tu arrives ?") == 0


@pytest.mark.parametrize("mark", ["|", "»", "}", ":", "JD>"])
def test_other_marks_are_quotes_below_an_attribution(mark: str) -> None:
    quote = f"{mark} old words\n{mark} and more"
    assert new_words(f"Yes.\n\nOn Monday, Bob wrote:\n{quote}\n\nAnd no.") == "Yes.\n\n\nAnd no."
    assert new_words(quote) == quote


def test_a_name_and_a_verb_are_enough_above_marks() -> None:
    assert attribution.is_named("Ann Martin wrote:")
    assert attribution.is_named("Vous avez écrit :")
    assert not attribution.is_named("As Ann wrote:")
    assert not attribution.is_named("the minister wrote:")
