"""Answers to a digest as mail programs make them: what each puts around a quote, and where it lets people write.

The forms follow what these programs are known to write; answers that a real program made are in the tests themselves.
"""

from __future__ import annotations

import html as markup
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.core.digest import SentDigest
from gateway.core.message import ParsedMessage
from inbound.parse import parse
from tests.inbound.mails import HEAD, multipart, part
from tests.inbound.sent_digests import BUTTON, wrapped

WHO = "Relais &lt;digest@relais.example&gt;"
NAMES = {
    "fr": ("Le ven. 20 nov. 2026 à 07:30, Relais <digest@relais.example> a écrit :", "Relais a écrit :"),
    "en": ("On Fri, Nov 20, 2026 at 7:30 AM Relais <digest@relais.example> wrote:", "Relais wrote:"),
}
FIELDS = {
    "fr": {"From": "De", "Sent": "Envoyé", "To": "À", "Subject": "Objet", "when": "vendredi 20 novembre 2026 07:30"},
    "en": {"From": "From", "Sent": "Sent", "To": "To", "Subject": "Subject", "when": "Friday, 20 November 2026 07:30"},
}
SUBJECT = "[Relais] Local, menus, +2"


@dataclass(frozen=True)
class Written:
    """What a person writes: above, below, under topics beside the quote or inside it, or to one quoted sentence."""

    top: str = ""
    bottom: str = ""
    under: Mapping[int, str] = field(default_factory=dict)
    inside: Mapping[int, str] = field(default_factory=dict)
    selection: str = ""


Bodies = tuple[str | None, str | None]
"""Text and HTML."""
Client = Callable[[SentDigest, str, Written], Bodies]


def answer(client: Client, sent: SentDigest, language: str, written: Written) -> ParsedMessage:
    """The answer as the gateway parses it."""
    return mail_of(*client(sent, language, written))


def mail_of(text: str | None, html: str | None) -> ParsedMessage:
    """A mail with these bodies that answers a digest."""
    head = HEAD + f"Subject: Re: {SUBJECT}\r\nIn-Reply-To: <digest.7@relais.example>\r\n".encode()
    parts = [part(f"text/{kind}", body) for kind, body in (("plain", text), ("html", html)) if body is not None]
    return parse(head + multipart("alternative", *parts))


def _paragraphs(text: str) -> str:
    return "".join(f"<div>{markup.escape(line)}</div>" if line else "<div><br></div>" for line in text.split("\n"))


def _html(sent: SentDigest, written: Written, close: str, reopen: str, inside: str = "<div>{}</div>") -> str:
    """The digest's HTML with what is written in it; `close` and `reopen` end and begin a quote."""
    if written.selection:
        return written.selection
    made = []
    for piece in sent.pieces:
        source = piece.html
        if piece.topic_id in written.under:
            typed = f"</div>{close}{_paragraphs(written.under[piece.topic_id])}{reopen}<div>"
            source = source.replace(BUTTON, typed + BUTTON)
        if piece.topic_id in written.inside:
            typed = inside.format(markup.escape(written.inside[piece.topic_id]))
            source = source.replace(BUTTON, typed + BUTTON)
        made.append(source)
    return "".join(made)


def _classes(source: str, prefix: str) -> str:
    return re.sub(r'class="([^"]*)"', lambda m: f'class="{" ".join(prefix + c for c in m[1].split())}"', source)


def _as_text(source: str, link: Callable[[str, str], str], heading: Callable[[str], str] = str) -> str:
    """What programs make of HTML where they need text."""
    made = re.sub(r"<h2[^>]*>(.*?)</h2>", lambda m: f"<p>{heading(m[1])}</p>", source, flags=re.DOTALL)
    made = re.sub(r'<a href="([^"]*)"[^>]*>(.*?)</a>', lambda m: link(m[2], m[1]), made, flags=re.DOTALL)
    made = re.sub(r"</(?:p|div|blockquote)>|<br>", "\n", made.replace("\n", ""))
    made = markup.unescape(re.sub(r"<[^>]+>", "", made)).replace("\xa0", " ")
    return re.sub(r"\n{2,}", "\n\n", made)


def _angled(shown: str, target: str) -> str:
    return f"{shown} &lt;{target}&gt;"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip("\n").split("\n"))


def _text(sent: SentDigest, written: Written, source: Callable[[int], str]) -> str:
    """The quote in plain text with what is written in it; `source` gives the text of a piece."""
    if written.selection:
        return _quoted(wrapped(written.selection))
    made = []
    for at, piece in enumerate(sent.pieces):
        upper, under = source(at), ""
        if piece.topic_id in written.inside:
            upper = upper.rstrip("\n") + f"\n\n{written.inside[piece.topic_id]}\n"
        if piece.topic_id in written.under:
            under = f"\n\n{written.under[piece.topic_id]}\n"
        made.append(_quoted(upper) + under)
    return "\n".join(made)


def _from_text(sent: SentDigest) -> Callable[[int], str]:
    return lambda at: sent.pieces[at].text


def _from_html(
    sent: SentDigest, link: Callable[[str, str], str], heading: Callable[[str], str] = str
) -> Callable[[int], str]:
    return lambda at: "\n".join(map(wrapped, _as_text(sent.pieces[at].html, link, heading).split("\n")))


def _around(top: str, name: str, quote: str, bottom: str) -> str:
    return "\n".join(text for text in (top and f"{top}\n", name, quote, bottom and f"\n{bottom}") if text) + "\n"


def neomutt(sent: SentDigest, language: str, written: Written) -> Bodies:
    name = {"fr": "Le Fri, Nov 20, 2026 at 07:30:00AM +0100, Relais a écrit :"}.get(
        language, "On Fri, Nov 20, 2026 at 07:30:00AM +0100, Relais wrote:"
    )
    return _around(written.top, name, _text(sent, written, _from_text(sent)), written.bottom), None


def claws(sent: SentDigest, language: str, written: Written) -> Bodies:
    name = f"{'Le' if language == 'fr' else 'On'} Fri, 20 Nov 2026 07:30:00 +0100\nRelais <digest@relais.example> "
    name += "a écrit :\n" if language == "fr" else "wrote:\n"
    return _around(written.top, name, _text(sent, written, _from_text(sent)), written.bottom), None


def thunderbird(sent: SentDigest, language: str, written: Written) -> Bodies:
    name = "Le 20/11/2026 à 07:30, Relais a écrit :" if language == "fr" else "On 20/11/2026 07:30, Relais wrote:"
    begin = '<blockquote type="cite" cite="mid:digest.7@relais.example">'
    quote = _html(sent, written, "</blockquote>", begin, "<br>{}<br>")
    html = f'{_paragraphs(written.top)}<div class="moz-cite-prefix">{name}<br></div>{begin}{quote}</blockquote>'
    text = _around(written.top, name, _text(sent, written, _from_html(sent, _angled)), written.bottom)
    return text, html + _paragraphs(written.bottom)


def evolution(sent: SentDigest, language: str, written: Written) -> Bodies:
    name = (
        "Le vendredi 20 novembre 2026 à 07:30 +0100, Relais a écrit :"
        if language == "fr"
        else "On Fri, 2026-11-20 at 07:30 +0100, Relais wrote:"
    )
    begin = '<blockquote type="cite" style="margin:0 0 0 .8ex; border-left:2px #729fcf solid;padding-left:1ex">'
    html = f"{_paragraphs(written.top)}<div>{name}</div>{begin}{_html(sent, written, '</blockquote>', begin)}"
    text = _text(sent, written, _from_html(sent, lambda shown, _: shown))
    return _around(written.top, name, text, written.bottom), f"{html}</blockquote>{_paragraphs(written.bottom)}"


def roundcube(sent: SentDigest, language: str, written: Written) -> Bodies:
    name = "Le 2026-11-20 07:30, Relais a écrit :" if language == "fr" else "On 2026-11-20 07:30, Relais wrote:"
    begin = '<blockquote type="cite" style="padding: 0 0.4em; border-left: #1010ff 2px solid; margin: 0">'
    quote = _classes(_html(sent, written, "</blockquote>", begin), "v1")
    html = (
        f'{_paragraphs(written.top)}<p id="reply-intro">{name}</p>{begin}<div id="replybody1"><div>{quote}'
        f"</div></div></blockquote>{_paragraphs(written.bottom)}"
    )
    links: list[str] = []

    def footnote(shown: str, target: str) -> str:
        links.append(target)
        return f"{shown} [{len(links)}]"

    text = _text(sent, written, _from_html(sent, footnote, str.upper)).replace("€", "EUR")
    notes = "\n\nLinks:\n------\n" + "\n".join(f"[{at + 1}] {link}" for at, link in enumerate(links))
    return _around(written.top, name, text, written.bottom) + (notes if links else ""), html


def gmail(sent: SentDigest, language: str, written: Written) -> Bodies:
    name = NAMES[language][0]
    begin = '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;padding-left:1ex">'
    quote = _classes(_html(sent, written, "</blockquote>", begin, "<div><br></div><div>{}</div>"), "gmail-m_-47m_")
    html = (
        f'<div dir="ltr">{_paragraphs(written.top)}</div><br><div class="gmail_quote gmail_quote_container"><div '
        f'dir="ltr" class="gmail_attr">{markup.escape(name)}<br></div>{begin}{quote}</blockquote>'
        f"{_paragraphs(written.bottom)}</div>"
    )
    return _around(written.top, f"{name}\n", _text(sent, written, _from_html(sent, _angled)), written.bottom), html


def gmail_mobile(sent: SentDigest, language: str, written: Written) -> Bodies:
    text, html = gmail(sent, language, written)
    return text, (html or "").replace('dir="ltr"', 'dir="auto"', 1)


def _header(language: str, ruled: str = "<br>") -> str:
    names = FIELDS[language]
    colon = " :" if language == "fr" else ":"
    values = {"From": WHO, "Sent": names["when"], "To": "Alice Martin", "Subject": SUBJECT}
    return ruled.join(f"<b>{names[key]}{colon}</b> {value}" for key, value in values.items())


def _plain_header(language: str) -> str:
    return markup.unescape(re.sub(r"<[^>]+>", "", _header(language, "\n")))


def outlook_word(sent: SentDigest, language: str, written: Written) -> Bodies:
    safe = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Frelais.example%2Ft&amp;data=05%7C02&amp;reserved=0"
    quote = _html(sent, written, "", "")
    quote = re.sub(r'href="https://[^"]*"', f'href="{safe}"', quote)
    quote = re.sub(r"<p[^>]*>", "<p class=MsoNormal>", re.sub(r' style="[^"]*"', "", quote))
    html = (
        f"<div class=WordSection1>{_paragraphs(written.top).replace('<div>', '<p class=MsoNormal>')}"
        "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>"
        f"{_header(language)}<o:p></o:p></p></div>{quote}{_paragraphs(written.bottom)}</div>"
    )
    text = _text(sent, written, _from_html(sent, _angled)).replace("\n> ", "\n").replace("\n>", "\n").removeprefix("> ")
    return _around(written.top, _plain_header(language) + "\n", text, written.bottom), html


def outlook_web(sent: SentDigest, language: str, written: Written) -> Bodies:
    quote = _classes(_html(sent, written, "", ""), "x_")
    html = (
        f'{_paragraphs(written.top)}<div id="appendonsend"></div><hr style="width:98%"><div id="divRplyFwdMsg">'
        f"<font>{_header(language)}</font><div>&nbsp;</div></div><div>{quote}</div>{_paragraphs(written.bottom)}"
    )
    text = _text(sent, written, _from_html(sent, _angled)).replace("\n> ", "\n").replace("\n>", "\n").removeprefix("> ")
    return _around(written.top, f"{'_' * 32}\n{_plain_header(language)}\n", text, written.bottom), html


def outlook_mobile(sent: SentDigest, language: str, written: Written) -> Bodies:
    footer = "Télécharger Outlook pour iOS" if language == "fr" else "Get Outlook for iOS"
    _, html = outlook_web(sent, "en", written)
    top = f'<div id="ms-outlook-mobile-signature"><a href="https://aka.ms/o0ukef">{footer}</a></div>'
    return None, (html or "").replace('<div id="appendonsend">', f'{top}<div id="appendonsend">')


def apple(sent: SentDigest, language: str, written: Written) -> Bodies:
    name = {"fr": "Le 20 nov. 2026 à 07:30, Relais <digest@relais.example> a écrit :"}.get(
        language, "On 20 Nov 2026, at 07:30, Relais <digest@relais.example> wrote:"
    )
    begin = '<blockquote type="cite">'
    quote = _html(sent, written, "</blockquote>", begin)
    html = (
        f"{_paragraphs(written.top)}<div><br>{begin}<div>{markup.escape(name)}</div><br class="
        f'"Apple-interchange-newline"><div>{quote}</div></blockquote></div>{_paragraphs(written.bottom)}'
    )
    text = _text(sent, written, _from_html(sent, _angled))
    return _around(written.top, f"> {name}\n>", text, written.bottom), html


def apple_ios(sent: SentDigest, language: str, written: Written) -> Bodies:
    sent_from = "Envoyé de mon iPhone" if language == "fr" else "Sent from my iPhone"
    name = {"fr": "Le 20 nov. 2026 à 07:30, Relais <digest@relais.example> a écrit :"}.get(
        language, "On 20 Nov 2026, at 07:30, Relais <digest@relais.example> wrote:"
    )
    begin = '<blockquote type="cite">'
    quote = _html(sent, written, "</blockquote>", begin)
    html = (
        f'{_paragraphs(written.top)}<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">{sent_from}</div>'
        f'<div dir="ltr"><br>{begin}{markup.escape(name)}<br><br></blockquote></div>{begin}<div dir="ltr">{quote}</div>'
        f"</blockquote>{_paragraphs(written.bottom)}"
    )
    text = _text(sent, written, _from_text(sent))
    return _around(f"{written.top}\n\n{sent_from}", f"\n> {name}\n>", text, written.bottom), html


def zimbra(sent: SentDigest, language: str, written: Written) -> Bodies:
    begin = '<blockquote style="border-left:2px solid #1010FF;margin-left:5px;padding-left:5px;">'
    rule = "----- Mail original -----" if language == "fr" else "----- Original Message -----"
    quote = _html(sent, written, "</blockquote>", begin)
    html = (
        f'<div>{_paragraphs(written.top)}</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">'
        f'{begin}{_header(language)}<br></blockquote></div><div data-marker="__QUOTED_TEXT__">{begin}{quote}'
        f"</blockquote></div>{_paragraphs(written.bottom)}"
    )
    text = _text(sent, written, _from_text(sent)).replace("\n> ", "\n").replace("\n>", "\n").removeprefix("> ")
    return _around(written.top, f"{rule}\n{_plain_header(language)}\n", text, written.bottom), html


def yahoo(sent: SentDigest, language: str, written: Written) -> Bodies:
    name = {"fr": f"Le vendredi 20 novembre 2026 à 07:30:00 UTC+1, {WHO} a écrit :"}.get(
        language, f"On Friday, November 20, 2026 at 07:30:00 AM GMT+1, {WHO} wrote:"
    )
    quote = _html(sent, written, "", "")
    html = (
        f'<div class="ydp1yahoo-style-wrap">{_paragraphs(written.top)}</div><div id="ydp2yahoo_quoted_1" '
        f'class="ydp2yahoo_quoted"><div><div>{name}</div><div><br></div><div>{quote}</div></div></div>'
        f"{_paragraphs(written.bottom)}"
    )
    return None, html


def proton(sent: SentDigest, language: str, written: Written) -> Bodies:
    name = {"fr": f"Le vendredi 20 novembre 2026 à 07:30, {WHO} a écrit :"}.get(
        language, f"On Friday, November 20th, 2026 at 7:30 AM, {WHO} wrote:"
    )
    begin = '<blockquote class="protonmail_quote" type="cite">'
    quote = _html(sent, written, "</blockquote>", begin)
    html = (
        f'{_paragraphs(written.top)}<div class="protonmail_quote">{name}<br>{begin}{quote}</blockquote></div>'
        f"{_paragraphs(written.bottom)}"
    )
    return None, html


def samsung(sent: SentDigest, language: str, written: Written) -> Bodies:
    footer, rule = (
        ("Envoyé depuis mon appareil Galaxy", "-------- Message d'origine --------")
        if language == "fr"
        else ("Sent from my Galaxy", "-------- Original message --------")
    )
    html = (
        f"<div dir='auto'>{_paragraphs(written.top)}</div><div><br></div><div id='composer_signature'>{footer}</div>"
        f"<div><br></div><div>{rule}</div><div>{_header(language, '</div><div>')}</div><div><br></div>"
        f"{_html(sent, written, '', '')}{_paragraphs(written.bottom)}"
    )
    return None, html


def k9(sent: SentDigest, language: str, written: Written) -> Bodies:
    name = {"fr": "Le 20 novembre 2026 07:30:00 GMT+01:00, Relais <digest@relais.example> a écrit :"}.get(
        language, "On 20 November 2026 07:30:00 CET, Relais <digest@relais.example> wrote:"
    )
    return _around(written.top, name, _text(sent, written, _from_text(sent)), written.bottom), None


def orange(sent: SentDigest, language: str, written: Written) -> Bodies:
    names = FIELDS["fr"]
    fields = f"Message du 20/11/26 07:30\n{names['From']} : Relais\nA : Alice\nCopie à : \nObjet : {SUBJECT}\n"
    begin = '<blockquote style="padding-left:5px;border-left:1px solid #000000;">'
    quote = _html(sent, written, "</blockquote>", begin)
    html = (
        f"{_paragraphs(written.top)}{begin}&gt; {fields.strip().replace(chr(10), '<br>&gt; ')}<br>&gt; <br>{quote}"
        f"</blockquote>{_paragraphs(written.bottom)}"
    )
    return _around(written.top, _quoted(fields), _text(sent, written, _from_text(sent)), written.bottom), html


TEXT_CLIENTS: dict[str, Client] = {"neomutt": neomutt, "claws": claws, "k9": k9}
HTML_CLIENTS: dict[str, Client] = {
    "thunderbird": thunderbird,
    "evolution": evolution,
    "roundcube": roundcube,
    "gmail": gmail,
    "gmail mobile": gmail_mobile,
    "outlook word": outlook_word,
    "outlook web": outlook_web,
    "outlook mobile": outlook_mobile,
    "apple": apple,
    "apple ios": apple_ios,
    "zimbra": zimbra,
    "yahoo": yahoo,
    "proton": proton,
    "samsung": samsung,
    "orange": orange,
}
CLIENTS = TEXT_CLIENTS | HTML_CLIENTS
