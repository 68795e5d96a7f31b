"""Which lines are new: one short text per way of quoting, new words marked by hand."""

from __future__ import annotations

import pytest

from inbound.quoting import Label, Line, label


def new_words(text: str, *, forward: bool = False) -> str:
    """The lines of `text` that are labelled new."""
    lines = [Line(line) for line in text.split("\n")]
    labels = label(lines, forward=forward)
    kept = [line.text for line, what in zip(lines, labels, strict=True) if what is Label.NEW]
    return "\n".join(kept).strip()


ATTRIBUTIONS = [
    "On Mon, Mar 2, 2026 at 10:00 AM Bob Roux <bob@example.org> wrote:",
    "On Mon, Mar 2, 2026 at 10:00 AM Bob Roux\n<bob@example.org> wrote:",
    "On 2 March 2026, at 10:00, Bob Roux\n<bob@example.org>\nwrote:",
    "Le lun. 2 mars 2026 à 10:00, Bob Roux <bob@example.org> a écrit :",
    "Le 2 mars 2026 à 10:00, Bob Roux <bob@example.org> a\nécrit\xa0:",
    "Le 02/03/2026 à 10:00, Bob Roux a écrit :",
    "Am 02.03.2026 um 10:00 schrieb Bob Roux:",
    "Am Mo., 2. März 2026 um 10:00 Uhr schrieb Bob Roux <bob@example.org>:",
    "El lun, 2 mar 2026 a las 10:00, Bob Roux (<bob@example.org>) escribió:",
    "Il giorno lun 2 mar 2026 alle ore 10:00 Bob Roux <bob@example.org> ha scritto:",
    "Em seg., 2 de mar. de 2026 às 10:00, Bob Roux <bob@example.org> escreveu:",
    "Op ma 2 mrt 2026 om 10:00 schreef Bob Roux <bob@example.org>:",
    "2026-03-02 10:00 GMT+01:00 Bob Roux <bob@example.org>:",
    "Bob Roux <bob@example.org> wrote:",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
@pytest.mark.parametrize("quote", ["> old words\n> and more", "old words\nand more"])
def test_an_attribution_and_its_quote_are_not_new(attribution: str, quote: str) -> None:
    assert new_words(f"D'accord.\n\n{attribution}\n\n{quote}\n") == "D'accord."


BLOCKS = [
    "-----Original Message-----\nFrom: Bob\nTo: Ann\nSubject: x\n",
    "-----Message d'origine-----\nDe : Bob\nÀ : Ann\nObjet : x\n",
    "________________________________\nFrom: Bob <bob@example.org>\nSent: Monday, March 2, 2026\nTo: Ann\nSubject: x\n",
    "De : Bob Roux <bob@example.org>\nEnvoyé : lundi 2 mars 2026 10:00\nÀ : Ann\nObjet : x\n",
    "Von: Bob Roux <bob@example.org>\nGesendet: Montag, 2. März 2026 10:00\nAn: Ann\nBetreff: x\n",
    "De: Bob <bob@example.org>\nEnviado: lunes, 2 de marzo de 2026\nPara: Ann\nAsunto: x\n",
    "Da: Bob <bob@example.org>\nInviato: lunedì 2 marzo 2026\nA: Ann\nOggetto: x\n",
    "De: Bob <bob@example.org>\nEnviado: segunda-feira, 2 de março de 2026\nPara: Ann\nAssunto: x\n",
    "Van: Bob <bob@example.org>\nVerzonden: maandag 2 maart 2026\nAan: Ann\nOnderwerp: x\n",
    "*From:* Bob <bob@example.org>\n*Sent:* Monday, March 2\n*To:* Ann\n*Subject:* x\n",
    "> Message du 02/03/26 10:00\n> De : Bob\n> A : Ann\n> Objet : x\n>\n",
]


@pytest.mark.parametrize("block", BLOCKS)
def test_below_a_header_block_nothing_is_new(block: str) -> None:
    quoted = "> " if block.startswith(">") else ""
    assert new_words(f"Entendu.\n\n{block}\n{quoted}old words\n") == "Entendu."


def test_interleaved_answers_stay() -> None:
    text = "Hello,\n\nOn Monday, Bob wrote:\n> first?\n\nyes\n\n> second?\n> third?\nno\n"
    assert new_words(text).split() == ["Hello,", "yes", "no"]


def test_an_answer_below_the_quote_stays() -> None:
    assert new_words("Le 2 mars 2026 à 10:00, Bob a écrit :\n> question\n\nMa réponse.\n") == "Ma réponse."


@pytest.mark.parametrize(
    "text",
    [
        "He said in 2019: this will work.\nIt did.",
        "As Bob wrote:\nwe should go.",
        "From: Paris\nto the sea, by train.",
        "Subject: cats\nare nice",
        "We agreed on Monday. I wrote this:\n\nall of it.",
        "Sent from my desk, which is easier than from my phone.",
        "Notes:\n-- one\n-- two",
        "On the agenda:\nbudget",
        "Le point est le suivant :\nle budget",
        "a | b\n-----\n1 | 2",
    ],
)
def test_in_doubt_words_are_kept(text: str) -> None:
    assert new_words(text) == text


@pytest.mark.parametrize(
    "footer",
    [
        "Sent from my iPhone",
        "Envoyé de mon iPhone",
        "Envoyé depuis mon téléphone Orange",
        "Envoyé à partir d'Outlook pour Android",
        "Get Outlook for iOS<https://aka.ms/x>",
        "Télécharger Outlook pour iOS",
        "Von meinem iPhone gesendet",
        "Enviado desde mi iPhone",
        "-- \nAnn Martin\n+33 1 23 45 67 89",
        "--\nAnn Martin",
        "_______________________________________________\nTeam mailing list\nteam@example.org",
    ],
)
def test_footers_and_signatures_are_not_new(footer: str) -> None:
    assert new_words(f"D'accord.\n\n{footer}\n") == "D'accord."
    assert new_words(f"D'accord.\n\n{footer}\n\nOn Monday, Bob wrote:\n> old\n") == "D'accord."


def test_a_long_text_below_two_dashes_is_no_signature() -> None:
    rest = "\n".join(f"point {i}" for i in range(40))
    assert new_words(f"Intro\n--\n{rest}").endswith("point 39")


def test_a_forward_with_a_comment_keeps_the_comment_as_new() -> None:
    forwarded = (
        "---------- Forwarded message ---------\nFrom: Bob <bob@example.org>\nDate: today 1\nSubject: x\n\nold words"
    )
    lines = [Line(line) for line in f"Please look.\n\n{forwarded}".split("\n")]
    labels = label(lines, forward=True)
    assert labels[0] is Label.NEW
    assert set(labels[2:]) == {Label.FORWARDED}


@pytest.mark.parametrize(
    "marker", ["Begin forwarded message:", "Début du message transféré :", "Début du message réexpédié :"]
)
def test_a_pure_forward_is_what_the_person_wants_to_say(marker: str) -> None:
    assert "old words" in new_words(f"{marker}\n\n> From: Bob\n> Subject: x\n>\n> old words\n", forward=True)
    assert "old words" in new_words(f"{marker}\n\nFrom: Bob\nSubject: x\n\nold words\n", forward=True)


def test_a_header_block_with_nothing_above_does_not_hide_the_words_below() -> None:
    block = "De : Bob <bob@example.org>\nEnvoyé : lundi 2 mars\nObjet : x\n"
    assert new_words(f"{block}\nMes mots.\n\nLe 1/3/2026 à 9:00, Ann a écrit :\n> old\n") == "Mes mots."


def test_the_tail_of_a_wrapped_quote_is_quoted() -> None:
    long = "> " + "word " * 14 + "and"
    assert new_words(f"{long}\nthe tail\n> goes on\n\nanswer\n") == "answer"
    assert new_words("> shall we?\nyes please\n> and then?\nno") == "yes please\nno"


# What people write, and programs write nearly so.
OWN_WORDS = [
    (
        "Hello,\n\nOn 5 May 2026 we wrote to the mayor:\n\nDear Mayor,\nthe bridge is closed.\n\nNo answer so "
        "far. Shall we write again?"
    ),
    (
        "Bonjour,\n\nLe 5 mai 2026 nous avons écrit au maire :\n\nMonsieur le maire,\nle pont est "
        "fermé.\n\nToujours pas de réponse. On relance ?"
    ),
    "Le 5 mai 2026 à 10:00 j'ai écrit à la mairie :\nle pont est fermé.\nToujours rien.",
    "On 5 May 2026 at 10:00 I wrote to the town hall:\nthe bridge is closed.\nNothing since.",
    "Hier à 10:00 Paul a écrit :\n\nje ne viens pas\n\nDonc on est trois.",
    "Yesterday at 10:00 Paul wrote:\n\nI am not coming\n\nSo there are three of us.",
    "Mail de Paul du 3 mars 2026 :\nil ne vient pas.\nDonc trois.",
    "Here is the patch:\n\n--- a/pump.c\n+++ b/pump.c\n@@ -1,3 +1,3 @@\n-int flow = 3;\n+int flow = 4;\n\nPlease test.",
    "Nom : ____________\nPrénom : ____________\nDate : ____________\n\nMerci de remplir et de renvoyer.",
    "---\ntitle: Plan\n---\n\n# Plan\n\n* one\n* two\n\n---\n\nThe end.",
    "| lundi | Irma |\n| mardi | Paul |\n\nCela vous va ?",
    "I changed jobs.\n\nPlease unsubscribe me from this mailing list.",
    "J'ai changé de poste.\n\nMerci de me désabonner de cette liste de diffusion.",
    "-> appeler le loueur\n-> réserver\n=> qui s'en charge ?",
    "From: my heart\nTo: all of you\nThank you for the party!",
    "Réunion du 12/06/2026 à 10:00\nLieu : salle B\nObjet : budget\nDe : 10 h à 12 h\nÀ : tous\n\nMerci de confirmer.",
    "Date : 12/06/2026 10:00\nObjet : budget\nDe : la direction\nÀ : toute l'équipe\n\nMerci de confirmer votre venue.",
    "Call me.\n\nTel: 01 02 03 04 05",
    "Merci.\n\nCc : Paul et Irma pour information\nObjet bien reçu, je m'en occupe.",
    (
        "Premier point.\n--\nSecond point, plus long que le premier, avec plusieurs phrases. Il faut que "
        "chacun le lise. Et qu'il réponde avant lundi prochain.\n--\nTroisième point, encore plus long : "
        "la caisse, le local, la sono, et le repas du soir. On vote mardi soir."
    ),
    "Attention : ce document est confidentiel.\nNe le diffusez pas avant jeudi.",
    "Confidentiel : le prix est de 300 euros. Merci de ne pas le transmettre, et de détruire l'ancien devis.",
    "Important: the gate is closed on Friday.\nNotice: bring your badge.",
    "External auditors come on Monday.\nPlease be careful with links in their mails.",
    "Caution: this message originated from my dog walking on the keyboard. Sorry!",
    "Best regards to your mother.\n\nSee you on Sunday, I bring the cake.",
    "Merci\n\nEt n'oublie pas les clés.",
    'Tu as écrit "je viens" :\nest-ce toujours vrai ?',
    "Paul a écrit :\n- oui pour mardi\n- non pour jeudi\nQu'en penses-tu ?",
    "Paul wrote:\n- yes to Tuesday\n- no to Thursday\nWhat do you think?",
    "En réponse à Paul : oui.\nEn réponse à Irma : non.",
    "In reply to Paul: yes.\nIn reply to Irma: no.",
    "Selon Paul :\nle pont ouvre lundi.\nSelon Irma :\njamais.",
    "Je cite Paul <paul@x.example> :\nle pont ouvre lundi.\nJe n'y crois pas.",
    "Le contact est Paul Vial <paul@x.example> :\nécrivez-lui avant lundi.",
    "The contact is Paul Vial <paul@x.example>:\nwrite to him before Monday.",
    "On Monday, 15 June 2026 at 10:00, Paul <paul@x.example> and I meet:\njoin us!",
    "Le lundi 15 juin 2026 à 10:00, Paul <paul@x.example> et moi nous réunissons :\nvenez !",
    "Lundi 15 juin 2026 10:00 :\nréunion\nMardi 16 juin 2026 11:00 :\nvisite",
    "15/06/2026 10:00 Paul Vial :\nmontage de la tente\n16/06/2026 11:00 Irma Colin :\ndémontage",
    "Le message original est perdu.\n\nOriginal message lost too.\nQui l'a ?",
    "I forwarded the message to Paul.\n\nForwarded by hand, of course.\nDone.",
    "Begin forwarded planning today:\nroof, cellar, attic.",
    "Please write above this line of the form:\nname, place.",
    "Merci de signer au-dessus de cette ligne du formulaire, puis de le renvoyer.",
    "Téléchargez le formulaire sur le site.\nObtenez la clé chez Paul.",
    "Sent via courier yesterday.\nArrives tomorrow.",
    "Sent by email yesterday, see attachment.",
    "Envoyé par mail hier, voir la pièce jointe.",
    "Envoyé par la poste.",
    "Von meinem Handy gesendet habe ich dir gestern das Bild.\nKam es an?",
    "Think before you print the new leaflet, the colours are wrong.\nThe environment group asked too.",
    "This message was checked by my colleague for viruses in the potato text.\nNone found.",
    "Acme Ltd is registered in England, company number 123. Can you verify it?",
    "+1\n\n+1 pour Irma aussi",
    "1.\nOui\n2.\nNon",
    'Comme tu dis > "on verra".\nOui.',
    "PS : et les clés ?",
    "-- Paul part lundi.\n-- Irma reste.",
]


@pytest.mark.parametrize("text", OWN_WORDS)
def test_words_of_people_that_look_like_a_programs_are_kept(text: str) -> None:
    assert new_words(text) == text


def test_a_sign_that_divides_a_letter_is_no_delimiter_further_down() -> None:
    poem = "Mine:\n\n--\nThe tide went out\n-- and nobody came\nto call them home.\n--\n\nToo long?"
    assert new_words(poem) == poem
    assert new_words(f"{poem}\n\n--\nAnn\n+33 6 12 34 56 78") == poem
