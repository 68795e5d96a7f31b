"""What companies and their gateways add to mails: disclaimers below, warnings about strangers above.

endings asks about one paragraph at a time, lines joined. A disclaimer is known by the company its phrases keep: that it
is confidential, for whom it is, what to do who is not, what is forbidden; one of them alone is a person speaking.
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_LENGTH = 4000
# What it is about: this mail, and what is attached to it.
_ITSELF = re.compile(
    r"\b(?:this|the(?: information| content)?s?.{0,20}in this) (?:electronic )?(?:e-?mail|message|communication|"
    r"transmission)|"
    r"\b(?:ce|cet|le présent|présent|du présent|de ce) (?:e-?mail|message|mail|courriel|courrier|document)|"
    r"\bdiese[rs]? (?:e-?mail|mail|nachricht)|\beste (?:mensaje|correo|e-?mail)|\besta (?:mensagem|comunicaci[oó]n|"
    r"mensaje)|"
    r"\b(?:questo messaggio|la presente|questa (?:e-?mail|comunicazione)|il presente messaggio|presente messaggio)|"
    r"\b(?:dit|deze) (?:bericht|e-?mail|mail)|\bdette? (?:e-?post|meddelelse|mail|melding)|\bdetta (?:mail|"
    r"meddelande|e-?post)|"
    r"\b(?:tato zpráva|niniejsz[ay]|ta wiadomość|настоящее (?:сообщение|письмо)|данное (?:сообщение|письмо))"
)
# That it is secret.
_SECRET = re.compile(
    r"confidential|privileged|confidentiel|secret professionnel|vertraulich|confidencial|privilegiad|riservat|"
    r"confidenzial|"
    r"vertrouwelijk|fortrolig|konfidentiel|luottamuksel|poufn|důvěrn|bizalmas|confidențial|gizli|конфиденциальн"
)
# For whom it is.
_FOR_WHOM = re.compile(
    r"intended (?:recipient|solely|only|for|exclusively)|addressee|for the (?:sole |exclusive )?use of|"
    r"destinataires?\b|intention exclusive|réservé|usage exclusif|adressat|empfänger|bestimmt|destinatari[oa]|destinad|"
    r"dirigid[oa]|geadresseerde|bestemd|mottaker|modtager|mottagare|vastaanottaja|adresát|adresat|címzett|alıcı|"
    r"получател|"
    r"адресат"
)
# Who has it by mistake.
_MISTAKE = re.compile(
    r"(?:in|by) error|by mistake|not the (?:intended|named|addressee)|par erreur|par mégarde|n['’](?:en )?êtes pas|"
    r"irrtümlich|versehentlich|nicht der (?:richtige|beabsichtigte|vorgesehene)|por error|por engano|por erro\b|"
    r"per errore|"
    r"ten onrechte|per abuis|abusievelijk|feilaktig|ved en fejl|av misstag|av mistak|omyl|pomyłk|tévedés|yanlışlık|"
    r"по ошибке|"
    r"ошибочно|no es usted"
)
# What to do then.
_TO_DO = re.compile(
    r"\bdelete|\bdestroy|notify (?:us|the)|inform the sender|please (?:contact|advise|return)|détrui|supprim|avertir|"
    r"prévenir|\binformer|vernichten|löschen|informieren|benachrichtig|elimin|borr|notifi|cancell|distrugg|avvis|"
    r"avvert|apag|"
    r"verwijder|vernietig|\bslett|\bslet\b|radera|zniszcz|usuń|usunię|smaž|törölj|silin|удалит|уничтож"
)
# What is forbidden, and who answers for nothing.
_FORBIDDEN = re.compile(
    r"prohibited|unauthori[sz]ed|must not (?:copy|use|disclose)|may not (?:copy|be)|strictly|interdit|non autorisé|"
    r"unbefugt|nicht gestattet|untersagt|prohibid|vietat|proibid|verboden|niet toegestaan|forbudt|förbjud|zabron|"
    r"zakáz|tilos|"
    r"запрещ|liab(?:le|ility)|responsab(?:le|ilité|ilidad|ilità|ilidade)|décline|haftung|aansprakelijk|"
    r"susceptibles? d['’]"
    r"altération|views? (?:or opinions )?expressed|opinions? exprimées?|viruse?s?\b|virenfrei"
)
_FAMILIES = (_ITSELF, _SECRET, _FOR_WHOM, _MISTAKE, _TO_DO, _FORBIDDEN)
_SOMEBODY = re.compile(r"\?|\b(?:I|I['’]m|me|my|je|j['’]ai|moi|mon|ma|tu|te|toi|ich|mir|mich|yo|io|ik)\b")
_TITLE = re.compile(
    r"[-*_=~\s\"«(\[]*(?:confidentiality(?: notice| statement| warning)?|disclaimer|legal (?:notice|disclaimer)|"
    r"privacy notice|"
    r"avis? (?:de|important de)? ?confidentialité|avis légal|avis important|mention(?:s)? (?:de confidentialité|"
    r"légales?)|"
    r"confidentialité|avertissement|clause de (?:non-responsabilité|confidentialité)|vertraulichkeitshinweis|"
    r"rechtlicher hinweis|hinweis|aviso (?:legal|de confidencialidad|de confidencialidade)|confidencialidad|"
    r"avviso di riservatezza|riservatezza|informativa|important(?: notice)?|notice|warning|p\.?s\.? confidential)"
    r"\b[*_\s]{0,4}[-:：–—.*)\]]",
    re.IGNORECASE,
)
_TREES = re.compile(
    r"environment|planet\b|\btrees?\b|environnement|planète|\barbres?\b|éco-?respons|umwelt|bäume|medio ?ambiente|"
    r"ambiente|\bnatura\b|milieu|miljö|miljø|środowisk|životní|природ"
)
_THIS_MAIL = re.compile(
    r"(?:this|the|ce|cet|diese|este|esse|questa?|dit|deze|denna|denne|tej|tohoto) (?:e-?mail|mail|message|courriel|"
    r"nachricht|correo|mensaje|messaggio|bericht|wiadomości)"
)
_SENTENCE_END = re.compile(r"[.!?]\s")
_PRINTING = re.compile(r"\bprint|imprim|druck|stampa|printen|utskrift|skriv(?:er)? ut|wydruk|tisk", re.IGNORECASE)
_THINKING = re.compile(
    r"[^\w]*(?:p\s+)?[^\w]*(?:please|consider|think|remember|before|save|do you|don['’]t print|do not print|keep it|"
    r"pense|avant|"
    r"n['’]imprime|préserv|afin|dans un souci|merci de|par respect|pour (?:préserver|protéger)|bitte|denken|müssen|"
    r"antes|piense|"
    r"pense|no imprima|por favor|prima|pensa|rispetta|denk|tänk|tenk|tænk|zanim|pomyśl|myslete)",
    re.IGNORECASE,
)
_SCANNED = re.compile(
    r"scanned|checked|certified|cleaned|verified|virus-?free|found|analysé|vérifiée?|contrôlé|scanné|garanti|"
    r"sans virus|absence|aucun|"
    r"geprüft|virenfrei|keine|comprobado|analizado|escaneado|libre|detectado|controllata|esaminata|privo|livre|"
    r"verificado|"
    r"gecontroleerd|vrij|virusfri|wolny|przeskanowan|bez|без|нет|проверено"
)
_SCANNER = re.compile(
    r"virus|viren\b|virüs|vírus|wirus|вирус|malware|spam|mailscanner|messagelabs|symantec|mimecast|proofpoint|"
    r"mailcontrol|"
    r"\bavg\b|avast|mcafee|kaspersky|eset\b|nod32|sophos|bitdefender|barracuda|mailinblack|vade|altospam|"
    r"dangerous content"
)
_SCANNING = re.compile(
    r"[^\w]*(?:(?:this|the|your|incoming|outgoing|mail|e-?mail|message|virus|no|checked|scanned|ce|cet|cette|"
    r"l['’]absence|sans|"
    r"garanti|aucun|diese|virenfrei|keine|este|esta|libre|no se|privo|questa?|livre|virusvrij|vrij|deze|dit|det|"
    r"denna|ta|tato|"
    r"wolny|bez|без|проверено|(?:le )?(?:mail|courriel|message))\b)",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"[^\w]*(?:.{0,80}(?:registered (?:in (?:england|scotland|ireland|wales)|office|company no)|company (?:no\b|"
    r"number|registration "
    r"n)|vat (?:no|number|reg)|s\.?a\.?(?:s|r\.?l)?\.? au capital d|au capital (?:social )?de \d|"
    r"r\.?c\.?s\.? [a-zé]+ ?(?:[ab] )?\d|"
    r"sitz der gesellschaft|amtsgericht \w+[, ].{0,20}hrb|registergericht|inscrita en el registro mercantil|"
    r"capitale sociale|p\.? ?iva \d))",
    re.IGNORECASE,
)
_REPORT = re.compile(r"(?:to report|click here to report|report) this (?:message|e-?mail) as spam", re.IGNORECASE)
_BANNER_TAG = re.compile(
    r"[*\[\s({<!⚠️#=-]{0,8}(?:(?:caution|warning|attention|alert|prudence|achtung|atención)[\s:!*-]{1,6})?"
    r"(?:external (?:e-?mail|sender|message|mail)|external|e-?mail externe|mail externe|message externe|"
    r"courriel externe|expéditeur externe|externe (?:e-?mail|mail|nachricht)|externes?|extern|externo|esterno|"
    r"correo externo|mensaje externo|outside sender|exp(?:é|e)diteur ext(?:é|e)rieur|ext)"
    r"[*\]\s)}>!⚠️#=:.-]{0,8}",
    re.IGNORECASE,
)
_BANNER = re.compile(
    r"[*\[\s({<!⚠️#=-]{0,8}(?:(?:caution|warning|attention|alert|notice|important|achtung|vorsicht|atención|atenção|"
    r"attenzione|"
    r"avertissement|prudence|mise en garde|advertencia|avviso|waarschuwing|let op|warnung|hinweis|"
    r"external(?: e-?mail)?|"
    r"e?-?mail externe?|be careful|security (?:notice|warning))\b[*\]\s)}>!⚠️:.,-]{0,8})?.{0,40}?"
    r"(?:(?:this|the) (?:e-?mail|message|mail)[^.]{0,40} (?:originate[ds]?|came|comes|was sent|is|has been sent|"
    r"was received) ?"
    r"(?:from |by )?(?:an |a )?(?:someone )?(?:outside|external|extern)|"
    r"(?:ce|cet) (?:e-?mail|message|mail|courriel|courrier)[^.]{0,40} (?:provient|vient|émane|a été (?:envoyé|émis|"
    r"expédié)|"
    r"est (?:issu|envoyé|externe))[^.]{0,40}(?:ext[ée]rieur|extern|hors|tiers)|"
    r"diese (?:e-?mail|nachricht|mail)[^.]{0,40} (?:stammt|kommt|wurde|ist)[^.]{0,40}(?:außerhalb|extern)|"
    r"este (?:correo|mensaje|e-?mail)[^.]{0,60} (?:fuera|extern)|esta mensagem[^.]{0,60} (?:fora|extern)|"
    r"questa? (?:e-?mail|messaggio)[^.]{0,60} (?:estern)|questo messaggio[^.]{0,60} estern|"
    r"(?:deze|dit) (?:e-?mail|bericht|mail)[^.]{0,60} (?:buiten|extern)|"
    r"do not click (?:on )?(?:any )?(?:links?|attachments?) (?:or|and|unless)|(?:exercise|use) caution.{0,40}(?:link|"
    r"attach)|"
    r"ne cliquez pas sur (?:les|des|aucun) (?:liens?|pièces).{0,80}(?:expéditeur|connai|pièces)|"
    r"soyez (?:prudents?|vigilants?).{0,60}(?:pièces? jointe|liens?\b)|"
    r"(?:you|some people who received this message) (?:do not|don['’]t) (?:often )?(?:get|"
    r"receive) e?-?mails? (?:often )?from|"
    r"vous (?:n['’]obtenez|ne recevez|n['’]avez) pas souvent|certaines personnes (?:qui ont|ayant) reçu ce message|"
    r"sie erhalten (?:nicht (?:oft|häufig)|selten)|no (?:suele|suel[ei]s?|recibe) |no obtienes? |"
    r"non si ricev(?:e|ono) spesso|(?:u|je) ontvangt niet vaak|você não (?:costuma|recebe)|du får inte ofta|"
    r"du får ikke ofte|"
    r"nie otrzymujesz często)",
    re.IGNORECASE,
)
_BANNER_REST = re.compile(
    r"click|link|attach|sender|caution|outside|organi[sz]ation|recogni[sz]e|learn why|report|phish|suspicious|trust|"
    r"safe|external|"
    r"lien|pi[èe]ces? jointe|exp[ée]diteur|prud|vigilan|ext[ée]rieur|d[ée]couvrez pourquoi|hameçon|reconnaiss|"
    r"anhäng|absender|vorsicht|erfahren sie|öffnen|enlace|adjunt|remitente|allegat|mittente|bijlage|afzender|aprenda|"
    r"más información|scopri|leer waarom",
    re.IGNORECASE,
)


def is_disclaimer(text: str) -> bool:
    """The joined lines of a paragraph are a disclaimer: three kinds of its phrases, or two under its own title."""
    if not 60 <= len(text) <= MAX_LENGTH or "?" in text:
        return bool(_TITLE.fullmatch(text))
    if _TITLE.match(text):
        return kinds(text) >= 2
    # It speaks of itself, asks nothing and nobody in it says I: else it takes one kind more.
    speaks_of_itself = _ITSELF.search(text.lower()) is not None
    return kinds(text) >= (3 if speaks_of_itself and not _SOMEBODY.search(text) else 5)


@lru_cache(maxsize=32)
def kinds(text: str) -> int:
    """How many kinds of a disclaimer's phrases the text has, of six."""
    lower = text[:MAX_LENGTH].lower()
    return sum(1 for family in _FAMILIES if family.search(lower))


def is_title(text: str) -> bool:
    """The text begins as disclaimers are headed."""
    return bool(_TITLE.match(text))


def is_small_print(text: str) -> bool:
    """Trees not to be printed on, scanners that found nothing, the seat of a company: one short paragraph."""
    if len(text) > 600:
        return False
    lower = text.lower()
    if _THINKING.match(text) and any(map(_saves_paper, _SENTENCE_END.split(lower))):
        return True
    if len(text) <= 300 and _SCANNING.match(text) and _SCANNER.search(lower) and _SCANNED.search(lower):
        return not _SOMEBODY.search(text)
    return bool(_COMPANY.match(text) and "?" not in text) or bool(_REPORT.match(text))


def _saves_paper(sentence: str) -> bool:
    """It speaks of printing, and of trees or of this very mail."""
    return bool(_PRINTING.search(sentence) and (_TREES.search(sentence) or _THIS_MAIL.search(sentence)))


def is_banner(text: str) -> bool:
    """A gateway's warning that the mail comes from outside; nothing of the person's may stand in the same lines."""
    if len(text) > 800 or _SOMEBODY.search(text):
        return False
    tag = _BANNER_TAG.match(text)
    if tag is not None and (tag.end() == len(text) or _BANNER_REST.search(text[tag.end() :][:200])):
        # Without any sign around it the word begins a sentence: "External auditors come on Monday."
        bare = tag[0].strip(" ")
        return tag.end() == len(text) or not bare[-1].isalnum() or bare.isupper()
    return bool(_BANNER.match(text))


def goes_on(text: str) -> bool:
    """A line below the first of a banner speaks of what banners speak of."""
    return bool(_BANNER_REST.search(text))
