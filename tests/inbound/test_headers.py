from __future__ import annotations

import pytest

from inbound.headers import Headers


def size(text: str) -> int:
    """How many lines of the text its first line begins a header block of."""
    return Headers([line.strip() for line in text.split("\n")]).size(0)


LONG_LIST = (
    "From: Bob\nTo: Ann <ann@example.org>; Cem <cem@example.org>;\n  Dan <dan@example.org>;\n"
    "Eva <eva@example.org>\nSubject: x"
)


def boxed(key: str, value: str) -> str:
    """A field as one program draws it."""
    return f"| {key} : |\n|------------>\n>--------|\n|{value} |\n>--------|"


BOXES = "\n|------------>\n".join(
    [boxed("De", "Bob <bob@example.org>"), boxed("A", "ann"), boxed("Date", "17/09/2026")]
)


@pytest.mark.parametrize(
    "block",
    [
        "From: Bob <bob@example.org>\nSent: Monday\nTo: Ann\nSubject: x",
        "Subject: x\nDate: 2 March 2026 10:00\nTo: Ann\nFrom: Bob",
        "*De :* Bob\n*Envoyé :* lundi 2 mars 2026\n*À :* Ann\n*Objet :* x",
        "差出人: Bob\n送信日時: 2026年3月2日\n宛先: Ann\n件名: x",
        "发件人： Bob\n发送时间： 2026年3月2日\n收件人： Ann\n主题： x",
        "מאת: Bob\nנשלח: 2 2026\nאל: Ann\nנושא: x",
        "Från: Bob\nSkickat: den 2 mars 2026\nTill: Ann\nÄmne: x",
        "От: Bob\nОтправлено: 2 марта 2026 г.\nКому: Ann\nТема: x",
        "Από: Bob\nΣτάλθηκε: 2 Μαρτίου 2026\nΠρος: Ann\nΘέμα: x",
        LONG_LIST,
        BOXES,
        "Bob Roux/Paris/Corp\n02/03/2026 10:00\n\nA\n  ann@example.org\ncc\n\nObjet\n  Re: x",
        "From: Bob <bob@example.org>\nDate: 2 March 2026 at 10:00",
    ],
)
def test_header_blocks(block: str) -> None:
    assert size(f"{block}\n\nold words") == len(block.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        "From: Paris\nTo: Lyon\nDate: 3 March 2026",
        "De : lundi\nÀ : jeudi\nMotif : congé",
        "From: me\nwith love",
        "To: do\nthe dishes\nthe floor\nthe windows\nSubject: x\nFrom: Bob",
        "Date: 3 March\nSubject: chairs",
    ],
)
def test_tables_and_forms_are_none(text: str) -> None:
    assert size(text) == 0


@pytest.mark.parametrize(
    "plan",
    [
        "De : la gare routière\nÀ : la ferme des Tilleuls\nDate : samedi à 9 heures\nObjet : les semis",
        "From: the bus station\nTo: Lime Tree Farm\nDate: 13 June 2026\nSubject: sowing day",
        "Von: Bahnhof\nNach: Lindenhof\nAn: alle\nBetreff: Aussaat in Feld 4",
    ],
)
def test_a_journey_of_a_persons_is_no_header_block(plan: str) -> None:
    assert Headers(plan.split("\n")).size(0) == 0
