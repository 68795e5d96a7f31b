"""Failure reports that follow no RFC: what their words tell of whom, why, and whether for ever.

bounces calls it where a report has no delivery-status part. Everything is one pass over at most MAX_TEXT characters and
searches that cannot backtrack. Enhanced codes are those of RFC 3463, reply codes those of RFC 5321 §4.2.
"""

from __future__ import annotations

import re

MAX_TEXT = 20_000
MAX_LINE = 1000

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&*+?^_`{|}~=/'-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}[A-Za-z0-9]")

_FAILURE_WORDS = (
    # English, as mail systems say it.
    "undeliver|not (?:be |been |yet been )?(?:successfully )?deliver|non[- ]?deliver|deliver(?:y|"
    "ing)[^\\n]{0,40} fail|"
    "failed? to (?:be )?deliver|failed (?:recipient|mail|permanently)|mail(?:er)? fail|failure notice|"
    "delivery[^\\n]{0,20} (?:problem|error|status|failure|incomplete|delay|unsuccessful|impossible)|"
    "returned (?:mail|to sender)|"
    "return(?:ed|ing) (?:the )?(?:message|mail)|mail delivery|user unknown|unknown (?:user|recipient|or illegal)|"
    "permanent(?: fatal)? error|could ?n[o']t (?:be )?(?:send|sent|deliver|reach)|message (?:status|failure|"
    "rejected|blocked|delayed)|"
    "processing error|rejected (?:mail|by)|automatically rejected|no such (?:user|mailbox|recipient)|"
    "mailbox (?:is )?(?:full|unavailable|not found)|(?:un)?able to (?:be )?(?:deliver|send|relay)|"
    "wasn['’]t delivered|"
    "did not reach|error (?:during|in) delivery|delay(?:ed)? mail|mail delay|warning: (?:message|could)|"
    "has been delayed|"
    "address(?:es)? (?:rejected|failed|had|couldn)|delivery to the following|bounced?(?:d mail| message| back)|"
    "blocked your message|"
    # French.
    "n['’]a (?:pas pu|pu) [êe]tre (?:remis|distribu|d[ée]livr|livr|envoy|achemin)|n['’]a pas [ée]t[ée] (?:remis|"
    "distribu|d[ée]livr)|"
    "non (?:remis|distribu|d[ée]livr)|[ée]chec (?:de|d['’])[^\\n]{0,12}(?:remise|livraison|distribution|envoi|"
    "acheminement)|"
    "impossible (?:de|d['’])[^\\n]{0,20}(?:remettre|distribuer|d[ée]livrer|livrer|acheminer|envoyer)|"
    "n['’]a pas atteint|"
    "utilisateur (?:inconnu|non recens)|bo[îi]te (?:aux lettres|de r[ée]ception) (?:est )?pleine|"
    "retard(?:[ée]e?)? (?:de|dans) (?:la )?"
    "(?:remise|distribution)|remise (?:retard|diff)[ée]e|destinataire inconnu|"
    # German, Spanish, Italian, Portuguese, Dutch, Polish, Swedish, Russian, Chinese, Japanese.
    "unzustellbar|nicht zugestellt|zustellung (?:fehl|nicht)|konnte nicht (?:an |zu)|zustellfehler|verzögert|"
    "no (?:se )?(?:ha )?(?:pudo|podido|entregado|entregar)|no se entreg|error (?:de|en la) entrega|"
    "devuelto al remitente|"
    "impossibile (?:recapitare|consegnare)|mancat[oa] (?:recapito|consegna)|(?:recapito|consegna) non riuscit|"
    "non recapitabile|niet te bezorgen|bezorg(?:ing|en) (?:is )?mislukt|não é possível entregar|"
    "non (?:è stato )?(?:recapitat|consegnat)|"
    "imposs[íi]vel entregar|n[ãa]o (?:p[ôo]de|foi|pode)(?: ser)? entregue|falha na entrega|"
    "onbestelbaar|niet (?:worden )?(?:afgeleverd|bezorgd)|nie można (?:było )?dostarczyć|niedostarcz|"
    "gick inte att leverera|"
    "kunde inte levereras|не (?:может|удалось|был)[^\\n]{0,20}достав|недоставлен|无法(?:投递|送达|发送)|"
    "退信|配信でき|配信不能|送信できません"
)
_FAILURE = re.compile(_FAILURE_WORDS, re.IGNORECASE)
_DELAYED = re.compile(
    "not yet (?:been )?deliver|has been (?:delayed|postponed)|(?:message|delivery|mail) (?:is |was |has been )?"
    "(?:still )?delayed|will (?:continue|keep|be retried|try again|retry|be attempted)|delivery (?:delay|"
    "incomplete)|delayed mail|"
    "could not send message for past|no action is required|warning: message|"
    "you do not need to resend|do not need to (?:re-?send|take any action)|(?:delivery )?attempts will continue|"
    "still being retried|"
    "temporar(?:y|ily) (?:failure|deferred|problem|error) (?:delivering|while|in delivery)|transient non-fatal|"
    "this is a warning|"
    "(?:remise|distribution|livraison) (?:est |a été )?(?:retard|diff[ée]r)[ée]e|"
    "n['’]a pas encore (?:pu )?(?:être|[ée]t[ée])|"
    "nouvelles? tentatives? (?:de remise |d['’]envoi )?(?:sera|seront|aura|auront)|"
    "(?:effectuera|fera|tentera|réessaiera)[^\\n]{0,12}(?:nouve|à nouveau|pendant|encore)|remise incomplète|"
    "zustellung unvollständig|entrega incompleta|consegna incompleta|recapito incompleto|bezorging (?:is )?onvolledig|"
    "versucht[^\\n]{0,30} (?:weitere|noch)|(?:volverá a|seguirá|seguiremos) intent|(?:riproverà|tenterà)|"
    "(?:tentará|continuará tentando)|(?:probeert het (?:nog|opnieuw)|blijft het proberen)|配信が遅れ|配信未完了|"
    "aucune action n['’]est (?:requise|nécessaire)|"
    "wird weiter(?:hin)? versucht|verzögert|noch nicht zugestellt|entrega (?:se )?(?:ha )?retras|"
    "consegna ritardata|vertraagd|"
    "entrega (?:foi )?(?:adiada|atrasada)|опоздание|задержк",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(
    "giv(?:en?|ing) up|failed permanently|permanent(?:ly)? (?:fail|fatal|error)|will not be retried|"
    "no further attempts|"
    "permanent error|erreur permanente|(?:ne sera|n['’]y aura) (?:plus|pas)",
    re.IGNORECASE,
)
_ORIGINAL_BELOW = re.compile(
    r"original (?:e-?)?mail|original message|copy of (?:the|your) (?:message|mail|first|original)|below this line|"
    r"returned m(?:ail|essage) |start of returned|message (?:header|text|contents)|headers? (?:of|and|follow)|"
    r"unsent message|rest of|next line is|the first \d+ lines|----- ?(?:message|transcript|unsent)|message follows|"
    r"копия|副本|拷贝|原始邮件|begin (?:of )?(?:the )?(?:original|message)|message (?:d['’])?(?:original|initial|"
    r"d['’]origine)|"
    r"(?:copie|en-t[êe]tes?) (?:du|de) (?:votre )?message|original[- ]?nachricht|mensaje original|"
    r"messaggio originale|"
    r"en-t[êe]tes de message d|^received: |^return-path: ",
    re.IGNORECASE,
)
_NOT_BELOW = re.compile(r"resend|renvoy|session follows|transcript", re.IGNORECASE)
# Some reports describe the mail first, with its addressees, and then say whom it did not reach.
_ANNOUNCED = re.compile(
    r"did not reach the following recipient|n['’]a pas atteint (?:le|les) destinataire|(?:not delivered|"
    r"be delivered|failed) "
    r"to(?: the following[^\n:]{0,40})?:|(?:the following|these) (?:recipients?|address(?:es)?|users?)[^\n]{0,60}:",
    re.IGNORECASE,
)
_OFFICES = re.compile(
    r"(?:postmaster|mailer-daemon|abuse|helpdesk|support|hostmaster|no-?reply|do-?not-?reply|ne-?pas-?repondre)@",
    re.IGNORECASE,
)
_FROM_LINE = re.compile(
    r"[>*\s-]*(?:from|sender|reply-to|mail from|return-path|de|von|expéditeur|absender|message-id|id|references|"
    r"x-[a-z-]+|in-reply-to)"
    r"\s?(?::|=)|(?:.{0,20}(?:mail from:|message-id|contact|\bask\b|report this|helo ))",
    re.IGNORECASE,
)
_WHO_FAILED = (
    *("recipient", "rcpt to", "user unknown", "unknown user", "no such user", "user:", "address:", "undeliverable to"),
    *("attempts:", "following", "be delivered to", "not delivered to", "delivered to", "failed for", "destinataire"),
    *(
        "empfänger",
        "destinatario",
        "addressed to",
        "unknown address",
        "expanded from",
        "generated from",
        "your mail to",
    ),
    *("your message to", "votre message à", "votre message pour", "remettre", "mailbox", "unknown:", "invalid"),
)
# In the order of trust: the code right after its reply code, then the marked code, then any that looks like one.
_CODES = (
    re.compile(r"(?<![\d.])([45])\d\d[ -]{1,2}[#(\[]?(?P<code>\1\.\d{1,3}\.\d{1,3})(?!\.?\d)"),
    re.compile(r"[#(\[](?P<code>[45]\.\d{1,2}\.\d{1,3})(?!\.?\d)"),
    re.compile(r"(?<![\d.])(?P<code>[45]\.[0-7]\.\d{1,3})(?!\.?\d)"),
)
_REPLY_CODE = re.compile(
    r"(?<![\d.:@])(4(?:21|3[0-2]|5[0-5]|7[0-5])|5(?:0[0-4]|1[0-7]|2[1-3]|3[0-58]|5\d|7[0-9]))(?=[ \-,:;)\]]|$)", re.M
)
_CLASS = {True: "5", False: "4"}
# What the words mean where no code is given: (words, subject and detail of RFC 3463 §3).
_MEANINGS = (
    (
        re.compile(
            r"(?:mail ?box|inbox|account|user|maildir|bo[îi]te[^\n]{0,30}|postfach|buz[óo]n|casella|caixa)[^\n]{0,30}"
            r"(?:\bfull\b|pleine|voll|llen[oa]|piena|cheia)|over ?quota|quota[^\n]{0,20}(?:exceed|dépass|full)|"
            r"exceed[^\n]{0,30}quota|"
            r"exceeded (?:storage|the size|its)|insufficient (?:disk|storage|system)|disk (?:full|quota)|"
            r"out of (?:disk )?space|mailfull",
            re.IGNORECASE,
        ),
        "2.2",
    ),
    (
        re.compile(
            r"(?:user|recipient|mailbox|address|account|utilisateur|destinataire|adresse|benutzer|"
            r"empfänger)[^\n]{0,60}(?:unknown|not "
            r"(?:found|known|listed|exist)|does ?n[o']t exist|inconnu|introuvable|unbekannt|n['’]existe)|"
            r"(?:unknown|no such|invalid) "
            r"(?:local )?(?:user|recipient|mailbox|address|account)|no mailbox here|not a (?:valid|"
            r"known) (?:user|mailbox)|"
            r"not listed in|doesn['’]t (?:have|exist)|couldn['’]t be found|user doesn",
            re.IGNORECASE,
        ),
        "1.1",
    ),
    (
        re.compile(
            r"(?:host|domain|domaine?|server)[^\n]{0,40}(?:unknown|not (?:found|known|exist)|doesn|inconnu|"
            r"introuvable)|"
            r"(?:unknown|no such) (?:host|domain)|couldn't find any host|unrout(?:e)?able|no mx",
            re.IGNORECASE,
        ),
        "1.2",
    ),
    (
        re.compile(
            r"(?:message|mail|size)[^\n]{0,30}(?:too (?:large|big)|exceed)|trop (?:gros|volumineux)", re.IGNORECASE
        ),
        "3.4",
    ),
    (
        re.compile(
            r"timed? ?out|could not connect|connection (?:refused|dropped|lost|reset)|unreachable|"
            r"retry time(?:out)? |"
            r"no answer from|expired|too long in (?:the )?queue|délai",
            re.IGNORECASE,
        ),
        "4.7",
    ),
    (
        re.compile(
            r"\bspam\b|blacklist|blocklist|\bblocked\b|policy|not (?:authorized|permitted|allowed)|"
            r"virus",
            re.IGNORECASE,
        ),
        "7.1",
    ),
)


def says_failure(text: str) -> bool:
    """The subject or text speaks of mail that was not delivered."""
    return bool(_FAILURE.search(text[:MAX_TEXT]))


def says_delay(text: str) -> bool:
    """The text announces further attempts, and does not say that they are over."""
    return bool(_DELAYED.search(text[:MAX_TEXT])) and not _GIVEN_UP.search(text[:MAX_TEXT])


def is_office(address: str) -> bool:
    """An address of people who run mail: named for help, and not as one that failed."""
    return bool(_OFFICES.match(address))


def read_lead(text: str) -> tuple[str, str]:
    """What stands before the copy of the original mail, and the rest of the text."""
    lines = [line[:MAX_LINE].strip() for line in text[:MAX_TEXT].split("\n")]
    named = False
    for at, line in enumerate(lines):
        if named and _ORIGINAL_BELOW.search(line[:200]) and not _NOT_BELOW.search(line[:200]):
            return "\n".join(lines[:at]), "\n".join(lines[at:])
        named = named or bool(ADDRESS.search(line))
    return "\n".join(lines), ""


def name_failed(lead: str) -> list[str]:
    """Addresses that stand alone or first in their line, or beside words that say so; else all of them."""
    announced = _ANNOUNCED.search(lead)
    if announced and ADDRESS.search(lead, announced.end()):
        lead = lead[announced.end() :]
    alone: list[str] = []
    others: list[str] = []
    for line in lead.split("\n"):
        if "@" not in line or _FROM_LINE.match(line):
            continue
        bare = line.strip("\t <>'\"*[]():;,-.")
        found = ADDRESS.findall(line)
        if not found:
            continue
        lower = line.lower()
        first = bare == found[0] or line.lstrip("\t -*>'\"•").startswith(("<", "(", found[0]))
        if first or any(word in lower for word in _WHO_FAILED):
            alone += found[:1]
        else:
            others += found
    return alone or others


def read_status(text: str, *, over: bool = True) -> str:
    """The enhanced status code that the text names or means; "" where it says nothing of the kind.

    Words without a code tell the cause alone: then the class is 5 where the delivery is `over`, and 4 while it is not.
    """
    for codes in _CODES:
        if found := codes.search(text):
            return found["code"]
    reply = _REPLY_CODE.search(text)
    for words, detail in _MEANINGS:
        if words.search(text):
            return f"{reply[1][0] if reply else _CLASS[over]}.{detail}"
    return f"{reply[1][0]}.0.0" if reply else ""


def status_beside(address: str, lead: str, others: list[str], *, over: bool) -> str:
    """The status said after any mention of `address` and before the next of another recipient, else anywhere."""
    lower, key = lead.lower(), address.lower()
    stops = [other.lower() for other in others if other.lower() != key][:20]
    at = lower.find(key)
    for _ in range(5):
        if at < 0:
            break
        begin = at + len(key)
        end = min([begin + 1500, *(found for stop in stops if (found := lower.find(stop, begin)) >= 0)])
        if status := read_status(lead[begin:end], over=over):
            return status
        at = lower.find(key, begin)
    return read_status(lead, over=over)
