"""What programs, companies and gateways add below and above, in mails that somebody wrote by hand for these tests."""

from __future__ import annotations

import pytest

from inbound.quoting import Label, Line, label

ADDED_BELOW = [
    (
        "Mention : ce message et toutes les pièces jointes sont confidentiels et établis à l'intention "
        "exclusive de son destinataire. Si vous avez reçu ce message par erreur, merci d'en avertir "
        "immédiatement l'expéditeur et de détruire le message."
    ),
    (
        "Ce message et ses pièces jointes peuvent contenir des informations confidentielles ou privilégiées "
        "et ne doivent donc pas être diffusés,\n"
        "exploités ou copiés sans autorisation. Si vous avez reçu ce message par erreur, veuillez le "
        "signaler\n"
        "a l'expéditeur et le détruire ainsi que les pièces jointes.\n"
        "\n"
        "This message and its attachments may contain confidential or privileged information that may be "
        "protected by law;\n"
        "they should not be distributed, used or copied without authorisation.\n"
        "If you have received this email in error, please notify the sender and delete this message and its "
        "attachments."
    ),
    (
        "Diese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen. Wenn Sie nicht der "
        "richtige Adressat sind oder diese E-Mail irrtümlich erhalten haben, informieren Sie bitte sofort "
        "den Absender und vernichten Sie diese E-Mail."
    ),
    (
        "Este mensaje y sus archivos adjuntos son confidenciales y van dirigidos exclusivamente a su "
        "destinatario. Si usted lo ha recibido por error, notifíquelo al remitente y elimínelo."
    ),
    (
        "Questo messaggio e gli allegati sono riservati e destinati esclusivamente ai destinatari indicati. "
        "Se ricevuto per errore, si prega di avvisare il mittente e distruggere il messaggio."
    ),
    "Avant d'imprimer cet e-mail, pensez à l'environnement.",
    "Pensez à l'environnement, n'imprimez ce message que si nécessaire.",
    "🌳 Please consider the environment before printing this email.",
    "Bitte denken Sie an die Umwelt, bevor Sie diese E-Mail drucken.",
    "Virus-free. www.avast.com <https://www.avast.com/sig-email>",
    "Garanti sans virus. www.avast.com",
    "Sans virus.www.avast.com",
    (
        "L'absence de virus dans ce courrier électronique a été vérifiée par le logiciel antivirus Avast.\n"
        "https://www.avast.com/antivirus"
    ),
    ("---\nCet e-mail a été vérifié par le logiciel antivirus d'Avast.\nwww.avast.com"),
    ("---\nThis email has been checked for viruses by Avast antivirus software.\nhttps://www.avast.com/antivirus"),
    "Virenfrei.www.avast.com",
    "Libre de virus. www.avast.com",
    "Sent with Proton Mail secure email.",
    "Sent with [Proton Mail](https://proton.me/) secure email.",
    "Sent from Proton Mail for iOS",
    "Envoyé avec la messagerie sécurisée Proton Mail.",
    "Envoyé depuis Proton Mail pour Android",
    "Get BlueMail for Android",
    "Télécharger BlueMail pour Android",
    "Obtenez BlueMail pour Android",
    "Sent from Yahoo Mail on Android <https://go.onelink.me/x>",
    "Envoyé à partir de Yahoo Mail pour iPhone",
    "Envoyé depuis Yahoo Mail sur Android",
    "Gesendet mit der GMX Mail App",
    "Gesendet mit der WEB.DE Mail App",
    "Diese Nachricht wurde von meinem Android-Mobiltelefon mit GMX Mail gesendet.",
    "Sent with Spark",
    "Sent from my Huawei phone",
    "Envoyé depuis mon appareil Huawei",
    "Sent from my Xiaomi",
    "Sent from Mail.ru app for iOS",
    "Отправлено из мобильной Почты Mail.ru",
    "Отправлено с iPhone",
    "Envoyé depuis l'application Mail Orange",
    "Envoyé depuis mon mobile Orange",
    "Provenance : Courrier pour Windows 10",
    "Envoyé à partir de Courrier pour Windows",
    "Envoyé de mon mobile SFR",
    "Envoyé depuis Free Mobile",
    "Envoyé depuis ma boîte mail laposte.net",
    "Sent from Mail for Windows 10",
    "Gesendet von Mail für Windows",
    "Enviado desde Correo para Windows",
    "Inviato da Posta per Windows",
    "Verzonden vanuit Mail voor Windows",
    "Von: Mail für Windows 10",
    "Outlook für Android beziehen",
    "Holen Sie sich Outlook für iOS",
    "Descargar Outlook para iOS",
    "Scarica Outlook per Android",
    "Download Outlook voor Android",
    "Hämta Outlook för iOS",
    "Hanki Outlook for iOS",
    "Pobierz program Outlook dla systemu Android",
    "Obter o Outlook para iOS",
    "Télécharger Outlook pour Android<https://aka.ms/x>",
    "Von meinem iPhone gesendet",
    "Von meinem Samsung Galaxy Smartphone gesendet.",
    "Inviato da iPhone",
    "Enviado do meu iPhone",
    "Enviado desde mi Samsung Mobile de Claro",
    "Verstuurd vanaf mijn iPhone",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Wysłane z iPhone'a",
    "Lähetetty iPhonesta",
    "iPhoneから送信",
    "发自我的iPhone",
    "나의 iPhone에서 보냄",
    "Odesláno z iPhonu",
    "Trimis de pe iPhone",
    "iPhone'umdan gönderildi",
    "נשלח מה-iPhone שלי",
    "أرسلت من الـ iPhone",
    "Sent from my Android device with K-9 Mail. Please excuse my brevity.",
    "Envoyé de mon appareil Android avec Courriel K-9 Mail. Veuillez excuser ma brièveté.",
    "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "Sent from my Verizon, Samsung Galaxy smartphone",
    "Sent via the Samsung Galaxy S8, an AT&T 5G smartphone",
    "Sent from my T-Mobile 4G LTE Device",
    "Sent from Mailspring (https://getmailspring.com/), the best free email app for work",
    "Sent via BlackBerry from T-Mobile",
    "Envoyé de mon Galaxy A52 5G",
    "Envoyé depuis mon téléphone Orange",
    "Envoyé à partir de mon appareil mobile Samsung",
    "Envoyé de mon smartphone Samsung Galaxy.",
    "Envoyé via le Samsung Galaxy",
    "Envoyé de Outlook pour Android",
    "Envoyé à partir d’Outlook pour Android",
    "Envoyé depuis mon Fairphone",
    (
        'You received this message because you are subscribed to the Google Groups "x" group.\n'
        "To unsubscribe from this group and stop receiving emails from it, send an email to "
        "x+unsubscribe@googlegroups.com.\n"
        "For more options, visit https://groups.google.com/d/optout."
    ),
    (
        "Vous recevez ce message, car vous êtes abonné au groupe Google Groupes « x ».\n"
        "Pour vous désabonner de ce groupe, envoyez un e-mail à x@y."
    ),
    (
        "_______________________________________________\n"
        "x mailing list -- x@lists.example\n"
        "To unsubscribe send an email to x-leave@lists.example"
    ),
    (
        "_______________________________________________\n"
        "Liste de diffusion x\n"
        "x@lists.example\n"
        "https://lists.example/listinfo/x"
    ),
    ("__\nAnn Martin\n+33 1 23 45 67 89"),
    ("—\nAnn Martin\nann@example.org"),
    ("--\nAnn"),
    (
        "CONFIDENTIALITY NOTICE:\n"
        "The contents of this email are privileged. If you are not the intended recipient, delete it.\n"
        "\n"
        "The sender accepts no liability for damage caused by any virus transmitted by this email."
    ),
    "Registered in England and Wales No. 1234567. Registered office: 1 Road, London.",
]

ADDED_ABOVE = [
    "[EXTERNAL]",
    "[EXT]",
    "*** EXTERNAL EMAIL ***",
    "EXTERNAL SENDER",
    (
        "CAUTION: This email originated from outside of the organization. Do not click links or open "
        "attachments unless you recognize the sender."
    ),
    "CAUTION: External email. Do not click on links or open attachments unless you know the sender.",
    "Attention : ce message provient de l'extérieur de l'entreprise. Soyez vigilant.",
    "ATTENTION : Ce courriel provient d'un expéditeur externe. Ne cliquez pas sur les liens.",
    "You don't often get email from bob@example.org. Learn why this is important <https://aka.ms/x>",
    "Vous n'obtenez pas souvent d'e-mail à partir de bob@example.org. Pourquoi c'est important",
    ("Vous ne recevez pas souvent de courriers de la part de bob@example.org. Découvrez pourquoi ceci est important"),
    "Sie erhalten nicht häufig E-Mails von bob@example.org. Erfahren Sie, warum dies wichtig ist",
    "[EXTERNE] Soyez prudent avant d'ouvrir une pièce jointe.",
    "Ce mail provient de l'extérieur, restons vigilants",
    ("This Message Is From an External Sender\nThis message came from outside your organization."),
    ("WARNING: This email came from outside the company.\nDo not click any links\nunless you trust the sender."),
    "CAUTION:EXTERNAL EMAIL",
    "**EXTERNAL EMAIL**: use caution with links",
    "Achtung: Diese E-Mail stammt von außerhalb der Organisation. Öffnen Sie keine Anhänge.",
    "Mail externe - Soyez vigilant",
    "Expéditeur externe : vérifiez l'adresse avant de cliquer sur un lien",
    "Message externe. Soyez prudent avec les liens et les pièces jointes.",
]

A_PERSONS = [
    ("On Monday Bob wrote:\n\nwe should go. I think he is right."),
    ("On 3 March 2026 at 10:00 the minister wrote:\n\nNo.\n\nI disagree."),
    ("Le 3 mars 2026, le maire a écrit :\n\nNon.\n\nJe ne suis pas d'accord."),
    ("Trip:\n\nFrom: Paris\nTo: Lyon\nDate: 3 March 2026\n\nSee you there."),
    ("Trajet :\n\nDe : Paris\nÀ : Lyon\nDate : 3 mars 2026\n\nÀ bientôt."),
    ("Demande :\n\nDe : lundi 3\nÀ : jeudi 6\nMotif : congé\n\nMerci."),
    ("Code:\n\n```\na > b\n```\nDone."),
    ("- one\n- two\n-- three\n\nend"),
    ("Rose,\nred as dawn\n\n—\n\nViolets,\nblue as noon\n\n—\n\nThe end of it."),
    ("Section one is about money and how we spend it.\n\n---\n\nSection two is about people and what they do all day."),
    ("a\n\n__\n\nb has the rest of the story."),
    ("The footer says:\n\nSent from my iPhone\n\nPlease take it off."),
    "Is this message confidential? Please delete it if you are not the intended recipient, Bob.",
    "Please treat this message as confidential.",
    "Avant d'imprimer l'affiche, demande à Ann.",
    "Before printing the poster, ask Ann about the paper.",
    "Ne cliquez pas sur le lien que j'ai envoyé hier, il est faux.",
    "External auditors come on Monday.",
    "Extern ist das schwer zu machen.",
    "Attention : le message de Bob vient de Paris.",
    "Warning: this message is about the external wall.",
    "Important: the meeting moved.",
    "Notice: the lift is closed.",
    "I was sent from Outlook to Gmail and back.",
    "Sent the phone by post yesterday, it will arrive on Monday.",
    "Envoyé le téléphone hier par la poste.",
    "Sent from my desk, which is easier than from my phone.",
    ("Get Outlook for iOS to open it, then tell me what you see in the calendar please, Bob, and we will talk."),
    "Von Anna gesendet wurde nichts.",
    "Unsubscribe me from the mailing list please.",
    "To unsubscribe from the newsletter, ask Ann.",
    ("Des réponses ci-dessous ?\n\nOui, voilà."),
    ("Here is what I do in Python:\n\n>>> x = 1\n>>> print(x)\n1"),
    ("Le point est le suivant :\nle budget 2026 à 10:00"),
    ("Rendez-vous avec Bob <bob@example.org> le 2 mars 2026 à 10:00.\nOrdre du jour :\n- un"),
    ('He asked: "why?"\nI wrote:\nbecause.'),
    ("Registered participants:\nAnn\nBob"),
    ("Subject: cats\nFrom: me\nTo: you\nare nice"),
    "Confidentiality: who decides what is confidential in this message board, and for whom?",
    "Merci de penser à imprimer l'affiche.",
    "Merci de ne pas imprimer les plans, ils sont faux.",
    "Pensez à imprimer votre billet avant le départ.",
    ("| a | b |\n|---|---|\n| 1 | 2 |"),
    ("» Bonjour, dit-il.\n» Bonsoir, dit-elle."),
    ("Hello\n\n----\n\nAnn asks for 3 chairs\nBob for 4 chairs"),
    ("Phone list\n---\nAnn 01 23 45 67 89\nBob 01 23 45 67 88"),
    "This email is from outside, said the gateway, and I laughed.",
    "Please excuse my brevity, I am in a hurry: yes to all three points you raise.",
]


def new_words(text: str, *, answer: bool = True, forward: bool = False) -> str:
    """The lines of `text` that are labelled new."""
    lines = [Line(line) for line in text.split("\n")]
    labels = label(lines, forward=forward, answer=answer)
    kept = [line.text for line, what in zip(lines, labels, strict=True) if what is Label.NEW]
    return "\n".join(kept).strip()


@pytest.mark.parametrize("tail", ["", "\n\nLe 2 mars 2026 à 10:00, Bob <b@example.org> a écrit :\n> old"])
@pytest.mark.parametrize("added", ADDED_BELOW)
def test_what_is_added_below_is_not_new(added: str, tail: str) -> None:
    assert new_words(f"Entendu, à lundi.\n\n{added}{tail}") == "Entendu, à lundi."


@pytest.mark.parametrize("added", ADDED_ABOVE)
def test_what_a_gateway_adds_above_is_not_new(added: str) -> None:
    assert new_words(f"{added}\n\nEntendu, à lundi.") == "Entendu, à lundi."


@pytest.mark.parametrize("text", A_PERSONS)
def test_what_a_person_writes_stays(text: str) -> None:
    assert new_words(text) == text


def test_a_disclaimer_stands_below_the_quote_as_well() -> None:
    text = f"Oui.\n\nLe 2 mars 2026 à 10:00, Bob a écrit :\n> old\n\n{ADDED_BELOW[0]}"
    assert new_words(text) == "Oui."


def test_several_of_them_are_cut_together() -> None:
    below = "\n\n".join([ADDED_BELOW[1], ADDED_BELOW[6], "Sent from my iPhone"])
    assert new_words(f"Oui.\n\n{below}") == "Oui."


def test_a_banner_takes_no_words_with_it() -> None:
    assert new_words("[EXTERNAL]\nHello Bob,\nyes.") == "Hello Bob,\nyes."


def test_a_footer_that_somebody_speaks_of_stays() -> None:
    assert "iPhone" in new_words("It says:\n\nSent from my iPhone\n\nand nothing more.")
