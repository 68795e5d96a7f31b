"""What mail programs write around quoted text, in the languages they write it in.

quoting asks; every function looks at one line (or one joined attribution) of limited length. To teach Relais another
client or language, add its words here and a case to the tests.
"""

from __future__ import annotations

import re

_VERBS = re.compile(
    r"\b(?:wrote|writes|has written|said|a [ée]crit|[ée]crit|schrieb|geschrieben|schreibt|escribi[óo]|ha escrito|"
    r"ha scritto|scrisse|scrive|escreveu|schreef|geschreven|skrev|har skrevet|kirjoitti|yazd[ıi]|napisa[łl]|napisał|"
    r"pisze|napsal|napísal|írta|a scris|napisao|napisala|kirjutas|skrifaði|va escriure|idatzi)\b"
    r"|написал|пишет|пише|написав|напиша|写道|寫道|のメール|님이 작성|escribió"
)
_OPENINGS = re.compile(
    r"(?:on|le|am|el|il|em|op|den|dne|dňa|dnia|w dniu|el día|em|no dia|in data|pe|på|ons?dag|в|у|на|dana|a|il giorno|"
    r"mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim|mo|di|mi|do|fr|sa|so|seg|ter|qua|qui|sex|sáb|dom|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|from|von|ke|ti|to|pe|la|su)\b[\s,.]",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d{1,2}[:.h]\s?\d{2}|\b(?:19|20)\d{2}\b|\d{1,2}[./-]\d{1,2}[./-]\d{2}|@|年")
_DATE_FIRST = re.compile(
    r"(?:\d{4}[-/.年]\s?\d{1,2}[-/.月]|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}\.? \w{3,10}\.? \d{4})"
)
_TIMED = re.compile(r"\d{1,2}[:.h]\s?\d{2}\b")
_DAY = re.compile(r"\b(?:19|20)\d{2}\b|\d{1,2}[./-]\d{1,2}[./-]\d{2}|\d年|\d{1,2}\.? (?:de )?[a-zéûä]{3,10}\b")
_BRACKETED = re.compile(r"[<(\[][^<>\s]{1,200}@[^<>\s]{1,200}[>)\]]")
_NAMED_END = re.compile(r"<[^<>\s]{1,200}@[^<>\s]{1,200}>\s?[:：]$")
# One web mail puts dashes in place of the colon, another nothing.
_UNENDED = re.compile(r"\b(?:wrote|a écrit|schrieb|escribió|ha scritto|escreveu|schreef)\s?-{0,6}$")
_NAMED = re.compile(r"<[^<>\s]{1,200}@[^<>\s]{1,200}>\s*[:：]?$|[:：]$")

_ORIGINAL = re.compile(
    r"original message|original appointment|message d['’]origine|message original|courriel original|message initial|"
    r"urspr[üu]ngliche nachricht|original[- ]?nachricht|originalnachricht|mensaje original|messaggio originale|"
    r"mensagem original|oorspronkelijk bericht|oorspronkelijke bericht|original meddelelse|oprindelig "
    r"(?:meddelelse|besked)|"
    r"ursprungligt meddelande|originalmeddelande|opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|"
    r"oryginalna wiadomość|původní zpráva|pôvodná správa|eredeti üzenet|mesaj original|mesajul original|orijinal ileti|"
    r"исходное сообщение|пересылаемое сообщение|оригінальне повідомлення|original e-?mail|"
    r"reply message|原始邮件|原始郵件|"
    r"元のメッセージ|reply above this line|réponse au-dessus",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"forwarded message|forwarded by|message transf[ée]r[ée]|message r[ée]exp[ée]di[ée]|message suivi|"
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
_RULED = re.compile(r"[>*\s]*[-_=]{2,}\s?[^-_=].{1,80}?[-_=]{2,}[*\s]*$|[>*\s]*[-_]{5,}\s?[^-_].{1,80}$")
_RULE = re.compile(r"[>*\s]*(?:[-_=*]{5,}|[–—_]{3,})[*\s]*$")
_LIST_RULE = re.compile(r"_{2,}$|-{40,}$")
_LIST_FOOTER = re.compile(r"mailing list|listinfo|liste de diffusion|unsubscribe|désabonner", re.IGNORECASE)

_KEYS = {
    "from": "from|de|von|da|van|od|от|кому от|fra|från|lähettäjä|kimden|gönderen|feladó|"
    "差出人|发件人|寄件者|보낸 사람|expéditeur|"
    "remitente|mittente|remetente|afzender|šalje|від|de la|expediteur|saatja",
    "date": "sent|date|sent on|envoyé|envoyé le|date d'envoi|gesendet|datum|enviado|enviado el|enviada em|"
    "enviado em|fecha|data|"
    "inviato|verzonden|sendt|dato|skickat|lähetetty|päiväys|wysłano|odesláno|odoslané|dátum|küldve|elküldve|"
    "trimis|tarih|"
    "gönderme tarihi|дата|отправлено|надіслано|датум|poslano|送信日時|日付|发送时间|日期|"
    "дата отправки|kuupäev|sendt den",
    "to": "to|à|a|an|para|aan|til|till|vastaanottaja|do|komu|címzett|către|kime|кому|кома|"
    "za|宛先|收件人|받는 사람|pour|"
    "destinataire|"
    "destinatario|per|prima",
    "cc": "cc|copie|copie à|kopie|kopia|kopi|c\\.c\\.|копия|копія|抄送|bilgi|másolat|kópia",
    "subject": "subject|objet|sujet|betreff|asunto|oggetto|assunto|onderwerp|emne|ämne|aihe|temat|předmět|"
    "predmet|tárgy|subiect|konu|"
    "тема|件名|主题|主旨|제목|naslov|teema|re",
    "reply": "reply-to|répondre à|antwort an|antwoord aan|responder a|rispondi a|svara till|ответить",
    "importance": "importance|priority|priorité|wichtigkeit|attachments|pièces jointes|anlagen|importancia",
}
_KEY_NAMES = {word: key for key, words in _KEYS.items() for word in words.replace("\\", "").split("|")}
_HEADER = re.compile(r"[>*\s|_]*([^\W\d_][^:：*@\d]{0,22}?)\s?\*?\s?[:：]\*?(?:\s|$|[^/])")
_MOBILE = re.compile(
    r"[-_*\s>]*(?:(?:sent|written|envoy[ée]|exp[ée]di[ée]|gesendet|enviado|enviada|inviato|verzonden|skickat|"
    r"sendt|wysłane|wysłano|"
    r"lähetetty|odesláno|отправлено|надіслано|trimis)\s"
    r"(?:from|via|with|using|by|on|depuis|de|avec|à partir de|à l['’]aide de|von|mit|über|desde|do|da|dal|con|"
    r"van|vanaf|met|från|fra|z|"
    r"iz|с|з|din|de pe|[àa] partir d['’]\w{1,20}|d['’]un)\b.{0,90}|"
    r"(?:get|download) outlook for .{0,60}|(?:obtenez|t[ée]l[ée]charge[rz]) outlook pour .{0,60}|"
    r"outlook f[üu]r (?:ios|android|mac).{0,40}|"
    r"(?:this (?:e-?mail|message) was )?sent from my .{0,60}|von meinem .{1,40} gesendet.{0,20}|mobil gesendet|"
    r"envoy[ée] (?:de|depuis) mon .{0,60}|provenance ?: .{0,40}|sendt fra min .{0,40}|skickat från min .{0,40})$",
    re.IGNORECASE,
)
_DEVICES = re.compile(
    r"iphone|ipad|ipod|android|samsung|galaxy|blackberry|windows|outlook|mail\b|mobile|phone|smartphone|"
    r"t[ée]l[ée]phone|portable|"
    r"handy|tablet|htc|nokia|sony|huawei|xiaomi|yahoo|gmail|orange|proton|mailbox|spark|thunderbird|m[óo]vil|celular|"
    r"cellulare|mobiltelefon|dispositivo|device|appareil|boxer|nine|palm|motorola|lg|airmail|superhuman|"
    r"apple|watch|verizon|t-mobile|wireless|app\b|typeapp|wiko|oneplus|pixel|honor|oppo|redmi",
    re.IGNORECASE,
)
_LINK = re.compile(r"<?https?://[^\s<>]{1,500}>?")
_FORWARD_SUBJECT = re.compile(
    r"\s*(?:fwd?|tr|wg|rv|enc|doorst|vs|vb|i|fs|videre|pd|továbbítás|пересл)\s*[:：]", re.IGNORECASE
)


def is_attribution(text: str) -> bool:
    """ "On Monday, Ann wrote:" and its kin, lines joined: a verb of writing or a date and an address, and a colon."""
    lower = text.lower()
    # What is cheap to ask comes first: every line of every mail passes here.
    if "@" in lower and _UNENDED.search(lower[-30:]) and _TIMED.search(lower):
        return True
    if not text.endswith((":", "：", ">")) or not _NAMED.search(text):
        return False
    if text.endswith((":", "：")) and _VERBS.search(lower) and (_DATED.search(lower) or _OPENINGS.match(lower)):
        return True
    if _TIMED.search(lower) and _NAMED_END.search(lower):
        return True
    return bool(_DATE_FIRST.match(lower) and "@" in lower) or (
        text.endswith((":", "：")) and bool(_VERBS.search(lower[-40:]))
    )


def opens_attribution(text: str) -> bool:
    """The line may be the first of an attribution that runs over several."""
    if _OPENINGS.match(text) or _DATE_FIRST.match(text):
        return True
    return bool(_DATED.search(text) and (_TIMED.search(text) or _VERBS.search(text.lower())))


def is_dated(text: str) -> bool:
    """The attribution names two of a time, a date and an address: enough to believe it where no quote marks follow."""
    lower = text.lower()
    if _VERBS.search(lower) and _BRACKETED.search(lower):
        return True
    return bool(_TIMED.search(lower)) + bool(_DAY.search(lower)) + ("@" in lower) >= 2


def is_original_marker(text: str) -> bool:
    """ "-----Original Message-----" in its many languages."""
    if len(text) >= 120:
        return False
    return bool((_RULED.match(text) and _ORIGINAL.search(text)) or _MESSAGE_OF.match(text))


def is_forward_marker(text: str) -> bool:
    """ "---------- Forwarded message ---------" or "Begin forwarded message:"."""
    if len(text) > 120:
        return False
    bare = text.strip("*_ ")
    opening = bare.endswith((":", "：")) and _FORWARD_OPENING.match(bare)
    return bool(opening or (_RULED.match(text) and _FORWARD.search(text)))


def header_key(text: str) -> str:
    """Which field of a header block the line shows: from, date, to, cc, subject, …; "" if none."""
    found = _HEADER.match(text)
    return _KEY_NAMES.get(found[1].strip().lower(), "") if found else ""


def is_rule(text: str) -> bool:
    """A line drawn with dashes or underscores."""
    return bool(_RULE.match(text))


def is_list_rule(text: str) -> bool:
    """The rule that list software draws above its footer."""
    return bool(_LIST_RULE.match(text))


def is_list_footer(text: str) -> bool:
    """The first line of a list's footer."""
    return bool(_LIST_FOOTER.search(text))


def is_mobile_footer(text: str) -> bool:
    """ "Sent from my iPhone": a line that the program wrote, not the person."""
    bare = _LINK.sub("", text).strip()
    if "," in bare or len(bare.split()) > 10:
        return False
    return bool(_MOBILE.match(bare) and _DEVICES.search(bare))


def is_forward_subject(subject: str) -> bool:
    """The subject begins as forwards do: Fwd:, TR:, WG:, …"""
    return bool(_FORWARD_SUBJECT.match(subject))
