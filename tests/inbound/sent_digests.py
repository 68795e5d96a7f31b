"""Digests as they are sent, small and written here, in French and in English; and as large as a digest may get."""

from __future__ import annotations

import random

from gateway.core.digest import SentDigest, SentPiece

HOST = "https://relais.example"
BUTTON = '<p class="go">'
_BUTTON_STYLE = (
    "display:inline-block;padding:9px 16px;border:1px solid #0b5d7a;border-radius:6px;color:#0b5d7a;font-weight:bold;"
    "font-size:15px;line-height:21px;text-decoration:none;"
)
WORDS = {
    "fr": {
        "head": "Relais – Résumé du jour, vendredi 20 novembre 2026",
        "sum": "4 sujets et 6 réponses depuis hier. Sonia demande qui garde la clé du local.",
        "how": "Placez-vous sous un sujet et écrivez : chaque réponse part dans son fil.",
        "reply": "Répondre à #{n}",
        "read": "Lire les {k} réponses",
        "under": "-- Votre réponse au sujet #{n} : écrivez sous cette ligne --",
        "also": "Également hier",
        "foot": "Vous recevez ce résumé chaque jour ouvré à 7 h 30 car vous suivez « Mobilité » et « Cantine ».",
        "pace": "Changer le rythme : répondez par un seul mot, ou touchez un lien.",
        "leave": "Se désabonner de « Mobilité »",
    },
    "en": {
        "head": "Relais – Digest of the day, Friday 20 November 2026",
        "sum": "4 topics and 6 replies since yesterday. Sonia asks who keeps the key of the shed.",
        "how": "Go below a topic and write: each answer goes to its thread.",
        "reply": "Reply to #{n}",
        "read": "Read the {k} replies",
        "under": "-- Your reply to topic #{n}: write below this line --",
        "also": "Also yesterday",
        "foot": "You get this digest every working day at 7:30 because you follow “Mobility” and “Canteen”.",
        "pace": "To change the pace: answer with a single word, or tap a link.",
        "leave": "Unsubscribe from “Mobility”",
    },
}
ITEMS = {
    "fr": [
        (
            12,
            "Local à vélos : qui garde la clé\xa0?",
            "Sonia Petit, dans Mobilité · hier à 16\xa0h 12",
            (
                "Le serrurier passe mardi et demande 240\xa0€ pour un nouveau cylindre. Qui garde la clé ensuite\xa0? "
                "L’an dernier, nous l’avions cherchée pendant trois jours."
            ),
            "Marc Le Bihan · Au-delà de 200\xa0€, il faut deux signatures.",
        ),
        (
            27,
            "Les menus de la semaine 48",
            "Olga Ferrand, dans Cantine · hier à 11\xa0h 40",
            "Soixante personnes ont voté. La moitié veut une soupe chaque soir. Je propose d’essayer dès jeudi.",
            "Karl Weiss · D’accord pour jeudi, je préviens la cuisine.",
        ),
        (
            31,
            "Retour d’expérience : les nouveaux écrans",
            "Inès Roux, dans Outils · hier à 9\xa0h 05",
            "Tout fonctionne, sauf les prises du deuxième étage. J’ai écrit une page, vos remarques sont bienvenues.",
            "",
        ),
    ],
    "en": [
        (
            12,
            "Bike shed: who keeps the key?",
            "Sonia Petit, in Mobility · yesterday at 16:12",
            (
                "The locksmith comes on Tuesday and asks 240\xa0€ for a new cylinder. Who keeps the key then? "
                "Last year we looked for it for three days."
            ),
            "Marc Hill · Above 200\xa0€ it takes two signatures.",
        ),
        (
            27,
            "The menus of week 48",
            "Olga Ferrand, in Canteen · yesterday at 11:40",
            "Sixty people voted. Half of them want a soup every evening. I suggest that we try from Thursday on.",
            "Karl Weiss · Fine for Thursday, I will tell the kitchen.",
        ),
        (
            31,
            "What we learned: the new screens",
            "Ines Roux, in Tools · yesterday at 9:05",
            "Everything works, except the sockets of the second floor. I wrote a page, your remarks are welcome.",
            "",
        ),
    ],
}
LINES = {"fr": (44, "Covoiturage Nantes – Rennes, mardi et jeudi"), "en": (44, "Car sharing, Tuesday and Thursday")}
SENTENCE = {"fr": "sauf les prises du deuxième étage.", "en": "except the sockets of the second floor."}


def digest(language: str) -> SentDigest:
    """Three items and one line, topics 12, 27, 31 and 44."""
    said = WORDS[language]
    pieces = [
        SentPiece(
            None,
            None,
            f'<div class="top"><p><b>{said["head"]}</b></p><p>{said["sum"]}</p></div><div><p>{said["how"]}</p></div>\n',
            f"{said['head']}\n\n{said['sum']}\n\n{said['how']}\n",
        )
    ]
    pieces += [_item(language, number, *rest) for number, *rest in ITEMS[language]]
    pieces.append(
        SentPiece(None, None, f'<div class="ln"><h2>{said["also"]}</h2></div>\n', f"\n{'=' * 60}\n{said['also']}\n")
    )
    number, title = LINES[language]
    link = f"{HOST}/t/{number}?k=zx8"
    pieces.append(
        SentPiece(
            number,
            number * 10,
            f'<p><a href="{link}">[#{number}] {title}</a> <span>Paul Morin</span></p>\n',
            f"\n[#{number}] {title} (Paul Morin)\n{link}\n",
        )
    )
    pieces.append(
        SentPiece(
            None,
            None,
            f'<div class="mu"><p>{said["foot"]}</p><p>{said["pace"]}</p><p><a href="{HOST}/u/tok">{said["leave"]}</a>'
            "</p></div>\n",
            f"\n{'-' * 60}\n{said['foot']}\n{said['pace']}\n{said['leave']} : {HOST}/u/tok\n",
        )
    )
    return SentDigest(7, tuple(pieces))


def _item(language: str, number: int, title: str, author: str, excerpt: str, last: str) -> SentPiece:
    said = WORDS[language]
    name, _, words = last.partition(" · ")
    button, link = said["reply"].format(n=number), f"{HOST}/t/{number}?k=zx8"
    html = (
        f'<div class="item ln" style="padding:22px 28px;border-top:1px solid #dde3e9;">\n'
        f'<h2 style="margin:0 0 4px;"><a href="{link}" style="color:#0b5d7a;">[#{number}] {title}</a></h2>\n'
        f'<p style="color:#596673;">{author}</p>\n<p style="margin:0 0 12px;">{excerpt}</p>\n'
        + (f'<p class="soft"><b>{name}</b> · {words}</p>\n' if last else "")
        + f'{BUTTON}<a href="mailto:reply+tok{number}@relais.example?subject=Re%3A%20%5B%23{number}%5D" '
        f'style="{_BUTTON_STYLE}">{button}</a> '
        f'<a href="{link}">{said["read"].format(k=3)}</a></p>\n</div>\n'
    )
    text = (
        f"\n{'=' * 60}\n[#{number}] {title}\n{author}\n\n{wrapped(excerpt)}\n"
        + (f"\n  | {last}\n" if last else "")
        + f"\n{link}\n{said['under'].format(n=number)}\n\n"
    )
    return SentPiece(number, number * 10, html, text)


def single(language: str) -> SentDigest:
    """A digest of one topic, 12."""
    return SentDigest(8, tuple(piece for piece in digest(language).pieces if piece.topic_id in (None, 12)))


def wrapped(text: str, width: int = 68) -> str:
    """The text in lines of at most `width` characters."""
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def large(items: int) -> SentDigest:
    """A digest of made-up words, about 1.5 KB of HTML for each item; topics from 100 on."""
    chance = random.Random(items)
    known = ["".join(chance.choices("abcdefghilmnoprstuvé", k=chance.randint(2, 10))) for _ in range(3000)]

    def sentence(count: int) -> str:
        return " ".join(chance.choices(known, k=count)).capitalize() + "."

    small = digest("fr")
    made = []
    for at in range(items):
        excerpt = " ".join(map(sentence, [14] * 5))
        made.append(_item("fr", 100 + at, sentence(6)[:-1], "Tom Roux, dans Outils", excerpt, f"Zoé · {sentence(9)}"))
    return SentDigest(9, (small.pieces[0], *made, small.pieces[-1]))
