"""What mail programs write around quoted text, in the languages they write it in.

quoting asks; every function looks at one line (or one joined attribution) of limited length. To teach Relais another
client or language, add its words here and a case to the tests.
"""

from __future__ import annotations

import re

_ORIGINAL = re.compile(
    r"original message|original appointment|message d['’]origine|message original|"
    r"(?:courriel|mail|e-mail|courrier) (?:original|initial|d['’]origine)|"
    r"message initial|"
    r"urspr[üu]ngliche nachricht|original[- ]?nachricht|originalnachricht|mensaje original|messaggio originale|"
    r"mensagem original|oorspronkelijk bericht|oorspronkelijke bericht|original meddelelse|oprindelig "
    r"(?:meddelelse|besked)|"
    r"ursprungligt meddelande|originalmeddelande|opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|"
    r"oryginalna wiadomość|původní zpráva|pôvodná správa|eredeti üzenet|mesaj original|mesajul original|orijinal ileti|"
    r"исходное сообщение|пересылаемое сообщение|оригінальне повідомлення|original e-?mail|"
    r"reply message|原始邮件|原始郵件|回复的原邮件|"
    r"元のメッセージ|원본 메시지",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"forwarded (?:message|mail|e-mail|by)|(?:message|mail|e-mail|courriel) (?:transf[ée]r[ée]|r[ée]exp[ée]di[ée]|"
    r"transmis)|"
    r"message suivi|(?:r[ée]achemin[ée]|r[ée]exp[ée]di[ée]|transf[ée]r[ée]|transmis) par|weitergeleitet von|"
    r"reenviado por|"
    r"inoltrato da|encaminhado por|doorgestuurd door|vidarebefordrat av|videresendt (?:av|af)|"
    r"weitergeleitete nachricht|"
    r"weitergeleitete e-mail|mensaje reenviado|messaggio inoltrato|mensagem encaminhada|mensagem reencaminhada|"
    r"doorgestuurd bericht|videresendt|vidarebefordrat|välitetty viesti|przekazana wiadomość|wiadomość przekazana|"
    r"přeposlaná zpráva|preposlaná správa|továbbított üzenet|mesaj redirecționat|mesaj redirecţionat|iletilmiş ileti|"
    r"yönlendirilmiş|пересланное сообщение|переслане повідомлення|proslijeđena poruka|转发的邮件|転送|edasi saadetud",
    re.IGNORECASE,
)
_FORWARD_OPENING = re.compile(
    r"(?:begin forwarded message|d[ée]but du message (?:transf[ée]r[ée]|r[ée]exp[ée]di[ée])|anfang der "
    r"weitergeleiteten "
    r"(?:nachricht|e-mail)|inicio del mensaje reenviado|inizio messaggio inoltrato|início da mensagem "
    r"(?:re)?encaminhada|"
    r"begin doorgestuurd bericht|start på videresendt besked|vidarebefordrat brev|välitetty viesti alkaa|"
    r"początek przekazywanej wiadomości|začátek přeposílané zprávy|начало переадресованного сообщения|iletinin "
    r"başlangıcı|"
    r"începutul mesajului redirecționat|počiatok preposlanej správy|a továbbított levél kezdete|započni "
    r"proslijeđenu poruku|"
    r"videresendt melding|початок листа, що пересилається)\s*[:：]?\s*$",
    re.IGNORECASE,
)
_MESSAGE_OF = re.compile(r"message du\s?:?\s?\d{1,2}/\d{1,2}/\d{2,4}", re.IGNORECASE)
_RULED = re.compile(r"[>*\s]*[-_=]{2,}\s?[^-_=].{1,160}?[-_=]{2,}[*\s]*$|[>*\s]*[-_]{5,}\s?[^-_].{1,160}$")
_RULE = re.compile(r"[>*\s]*(?:[-_=*]{5,}|[–—_]{3,})[*\s]*$")
# One program draws the fields of the answered mail as boxes, another puts marks on both sides of its line.
_BOX = re.compile(r"[|>\s]{1,8}-{3,}[|>\s]{0,8}$")
_BOTH_SIDES = re.compile(r">>> ?\S.{3,200}\d.{0,30}>>>$")
_ABOVE = re.compile(
    r"(?:please )?(?:reply|respond|type your (?:reply|response)|write) above this line|"
    r"(?:please )?do not (?:write|reply|type) below this line|"
    r"(?:merci de |veuillez )?(?:r[ée]pon(?:se|dez|dre)|[ée]cri(?:vez|re)|saisi(?:ssez|r)|ins[ée]re[zr])"
    r"(?: (?:votre|une) (?:r[ée]ponse|texte|message))? (?:au-dessus de|avant) cette ligne|"
    r"(?:bitte )?(?:antworten sie )?oberhalb dieser (?:linie|zeile)|"
    r"responda (?:por )?encima de esta l[ií]nea|rispondi sopra questa (?:linea|riga)",
    re.IGNORECASE,
)
_BESIDE = " #*-=_~.<>:!"
_KEYS = {
    "from": "from|sent by|de|expéditeur|expediteur|envoyé par|von|absender|da|mittente|remitente|remetente|van|"
    "afzender|"
    "od|nadawca|šalje|odesílatel|fra|från|frá|lähettäjä|kimden|gönderen|feladó|de la|expeditor|saatja|nuo|no|от|"
    "кому от|від|од|από|מאת|من|差出人|发件人|寄件者|寄件人|보낸 사람|보낸사람|từ|จาก",
    "date": "date|sent|sent on|sent at|envoyé|envoyée|envoyé le|date d'envoi|date d’envoi|gesendet|gesendet am|datum|"
    "enviado|enviado el|enviada em|enviado em|enviat|fecha|data|inviato|inviata|verzonden|verzonden op|sendt|sendt den|"
    "dato|skickat|lähetetty|päiväys|wysłano|data wysłania|odesláno|odoslané|dátum|küldve|elküldve|trimis|tarih|"
    "gönderme tarihi|poslano|poslato|kuupäev|saadetud|išsiųsta|nosūtīts|sent|дата|отправлено|дата отправки|надіслано|"
    "изпратено|датум|στάλθηκε|ημερομηνία|נשלח|תאריך|أرسلت|تاريخ الإرسال|التاريخ|تم الإرسال|送信日時|日付|日時|发送时间|"
    "發送時間|傳送時間|寄件日期|日期|보낸 날짜|날짜|đã gửi|ngày|ส่ง|วันที่",
    "to": "to|à|a|pour|destinataire|destinataires|an|empfänger|para|per|per a|destinatario|aan|til|till|vastaanottaja|"
    "do|komu|adresát|címzett|către|kime|alıcı|za|prima|adressaat|kam|кому|кома|до|към|προς|אל|إلى|宛先|收件人|收件者|"
    "받는 사람|받는사람|tới|đến|ถึง",
    "cc": "cc|cci|bcc|copie|copie à|kopie|kopia|kopi|kópia|másolat|c.c.|bilgi|копия|копія|копие|κοιν|עותק|نسخة|抄送|"
    "副本|참조|สำเนา",
    "subject": "subject|objet|sujet|betreff|asunto|oggetto|assunto|assumpte|onderwerp|emne|ämne|efni|aihe|temat|tema|"
    "předmět|predmet|tárgy|subiect|konu|naslov|zadeva|teema|temats|re|тема|относно|предмет|θέμα|נושא|الموضوع|件名|主题|"
    "主題|主旨|제목|chủ đề|tiêu đề|เรื่อง|หัวเรื่อง",
    "reply": "reply-to|reply to|répondre à|antwort an|antwoord aan|responder a|rispondi a|svara till|ответить",
    "importance": "importance|priority|priorité|wichtigkeit|attachments|attachment|pièces jointes|pièce jointe|"
    "p.j.|anlagen|importancia|allegati|bijlagen|adjuntos|organization|organisation|message-id|mailing list|lists",
}
_KEY_NAMES = {word: key for key, words in _KEYS.items() for word in words.split("|")}
_HEADER = re.compile(r"[>*\s|_]*([^\W\d_][^:：*@\d]{0,24}?)\s?\*?\s?[:：]\*?(?:\s|$|[^/])")
_ANNOUNCED = re.compile(
    r"\b(?:answers?|repl(?:y|ies)|responses?|comments?|remarks?|notes?|feedback|answered|replied|responded|commented)\b"
    r"[^.!?\n]{0,40}\b(?:below|in-?line|in line|interleaved|underneath|embedded|in (?:red|blue|green|bold|colou?r|"
    r"caps|purple|"
    r"italics?)|in (?:your|the) (?:mail|e-?mail|text|message|body))\b|"
    r"\b(?:r[ée]ponses?|commentaires?|remarques?|pr[ée]cisions|annotations|r[ée]pond[sau]?|r[ée]pondu|annot[ée])\b"
    r"[^.!?\n]{0,40}(?:ci-dessous|ci-apr[èe]s|plus bas|en dessous|intercal|en (?:rouge|bleu|vert|gras|couleur|"
    r"majuscules|italique|"
    r"violet)|dans (?:le|ton|votre|ta|le corps du) (?:texte|message|mail|e-?mail|courriel|corps))|"
    r"\b(?:antwort(?:en)?|kommentare?|anmerkungen|geantwortet)\b[^.!?\n]{0,40}\b(?:unten|im text|inline|in (?:rot|"
    r"blau|grün|"
    r"farbe)|direkt im|in (?:ihrer|deiner) mail|zwischen)\b|"
    r"\b(?:respuestas?|comentarios?)\b[^.!?\n]{0,40}\b(?:abajo|m[áa]s abajo|en (?:rojo|azul|verde|negrita)|en (?:tu|"
    r"su) "
    r"(?:correo|mensaje))\b|"
    r"\b(?:rispost[ae]|comment[io])\b[^.!?\n]{0,40}\b(?:sotto|in (?:rosso|blu|verde|grassetto)|nel testo)\b|"
    r"\b(?:antwoord(?:en)?|opmerkingen|commentaar)\b[^.!?\n]{0,40}\b(?:hieronder|onder|in (?:rood|blauw|groen)|"
    r"in de tekst)\b",
    re.IGNORECASE,
)
_ANSWER_SUBJECT = re.compile(
    r"\s*(?:re|r[ée]p|réf\.?|aw|sv|vs|antw|ant|odp|ynt|res|rif|vá|bls|atb|απ|σχετ|yan|ответ|на|回复|回覆|答复|返信|답장)\s?"
    r"(?:\[\d{1,3}\]|\(\d{1,3}\))?\s?[:：]",
    re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(
    r"\s*(?:fwd?|tr|wg|rv|enc|doorst|vs|vb|i|fs|videre|pd|továbbítás|пересл)\s*[:：]", re.IGNORECASE
)


def is_original_marker(text: str) -> bool:
    """ "-----Original Message-----" in its many languages."""
    if len(text) >= 120:
        return False
    if _RULED.match(text) and _ORIGINAL.search(text):
        return True
    return bool(_MESSAGE_OF.match(text) or _BOTH_SIDES.match(text) or _ABOVE.fullmatch(text.strip(_BESIDE)))


def is_bare_marker(text: str) -> bool:
    """ "Original Message" without any rule around it: it means something only above a header block."""
    return len(text) < 60 and bool(_ORIGINAL.fullmatch(text.strip(_BESIDE)))


def is_forward_marker(text: str) -> bool:
    """ "---------- Forwarded message ---------" or "Begin forwarded message:"."""
    if len(text) > 200:
        return False
    bare = text.strip("*_ ")
    opening = bare.endswith((":", "：")) and _FORWARD_OPENING.match(bare)
    return bool(opening or (_RULED.match(text) and _FORWARD.search(text)))


def header_key(text: str) -> str:
    """Which field of a header block the line shows: from, date, to, cc, subject, …; "" if none."""
    found = _HEADER.match(text)
    return _KEY_NAMES.get(found[1].strip().lower(), "") if found else ""


def bare_key(text: str) -> str:
    """The same for a line that is nothing but the name of a field, as one program writes it in a column; or ""."""
    return _KEY_NAMES.get(text.lower().strip("* "), "") if len(text) < 20 else ""


def announces_answers(text: str) -> bool:
    """The words say that answers stand inside the answered mail: "my answers in blue below"."""
    return bool(_ANNOUNCED.search(text))


def is_rule(text: str) -> bool:
    """A line drawn with dashes or underscores."""
    return bool(_RULE.match(text) or _BOX.match(text))


def is_answer_subject(subject: str) -> bool:
    """The subject begins as answers do: Re:, AW:, SV:, …"""
    return bool(_ANSWER_SUBJECT.match(subject))


def is_forward_subject(subject: str) -> bool:
    """The subject begins as forwards do: Fwd:, TR:, WG:, …"""
    return bool(_FORWARD_SUBJECT.match(subject))
