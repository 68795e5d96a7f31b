"""The lines that introduce a quote: "On Monday at ten, Ann <ann@…> wrote:", in any language and any order.

quoting joins up to four lines and asks. Evidence is counted (a time, a day, an address, a verb of writing), and the
rest must read like names and dates: a sentence that happens to end so is a person's. Every pattern sees one short text.
"""

from __future__ import annotations

import re

MAX_LENGTH = 600
MAX_LINES = 4
_COLONS = (":", "：")
_VERB = re.compile(
    r"\b(?:wrote|writes|has written|said|a [ée]crit|[ée]crit|[ée]crivai[ts]|[ée]criviez|[ée]crivit|avez [ée]crit|"
    r"schrieb(?:st|en)?|geschrieben|schreibt|escribi[óo]|escribe|ha escrito|ha escrit|va escriure|ha scritto|scrisse|"
    r"scrive|scriveva|escreveu|escreve|schreef|geschreven|schrijft|skrev|har skrevet|har skrivit|skrifaði|kirjoitti|"
    r"kirjoittaa|yazd[ıi]|yazm[ıi]ş|napisał|pisze|napsal|napísal|írta|írja|a scris|napisao|napisala|napisal|je pisal|"
    r"kirjutas|rašė|rakstīja|idatzi|menulis|tulis|nagsulat|ka shkruar)\b|napisał\(a\)|"
    r"написал|пишет|пише|написав|написа|напиша|έγραψε|כתב|מאת|كتب|كتابة|写道|寫道|书写|"
    r"のメール|書きました|wrote|님이 작성|작성:|đã viết|เขียนว่า|लिखा|نوشت"
)
_TIME = re.compile(r"\d{1,2}\s?[:.h]\s?\d{2}\b|\d{1,2} ?[ap]\.?m\b|\d{1,2}[時时시]")
_MONTHS = (
    "jan|feb|fév|fev|mar|mär|mrt|maa|apr|avr|abr|ápr|mai|may|maj|mei|mag|máj|maio|jun|juin|jún|giu|haz|jul|juil|júl|"
    "lug|"
    "tem|aug|aoû|aou|ago|sep|set|sept|eyl|okt|oct|out|ott|eki|nov|kas|dec|déc|dez|dic|des|ara|oca|şub|sty|lut|kwi|cze|"
    "lip|sie|wrz|paź|lis|gru|led|úno|bře|dub|kvě|čer|srp|zář|říj|pro|ian|iun|iul|noi|gen|ene|"
    "янв|фев|мар|апр|мая|май|июн|июл|авг|сен|окт|ноя|дек|січ|лют|бер|кві|тра|чер|лип|сер|вер|жов|лис|гру|"
    "ιαν|φεβ|μαρ|απρ|μαΐ|μαι|ιουν|ιουλ|αυγ|σεπ|οκτ|νοε|δεκ|tam|hel|huh|tou|kes|hei|elo|syy|lok|mar|jou|thg"
)
_DAYS = (
    "mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim|mo|di|mi|do|fr|sa|so|sá|mié|jue|vie|sáb|dom|seg|ter|qua|"
    "qui|"
    "sex|gio|ma|wo|vr|za|zo|man|tir|ons|tor|fre|lør|søn|mån|tis|lör|sön|pon|wto|śro|czw|pią|sob|nie|po|út|st|čt|pá|"
    "so|ne|"
    "pzt|sal|çar|per|cum|cmt|paz|пн|вт|ср|чт|пт|сб|вс|нд|пон|уто|сре|чет|пет|суб|нед|вто|сря|ти|ke|to|pe|la|su|ma|mie|"
    "joi|vin|sâm|hét|ked|sze|csü|pén|szo|vas|lördag|δευ|τρί|τετ|πέμ|παρ|σάβ|κυρ|"
    "поне|втор|сред|четв|пятн|субб|воск|вівт|сере|пʼят|неді|dl|dt|dc|dj|dv|ds|dg|mand|tirs|onsd|tors|freda|sønd|lørd"
)
_SHORT = "|".join(stem for stem in _DAYS.split("|") if len(stem) < 3)
_LONG = "|".join(stem for stem in f"{_MONTHS}|{_DAYS}".split("|") if len(stem) > 2)
_CALENDAR = re.compile(rf"(?:(?:{_SHORT})|(?:{_LONG})[^\W\d_]{{0,8}})\.?$")
_DAY = re.compile(
    rf"\b(?:19|20)\d{{2}}\b|\d{{1,2}}[./-]\s?\d{{1,2}}[./-]\s?\d{{2}}|[\d][年년月]|"
    rf"\b\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?,? (?:de |d['’]|of )?(?:{_MONTHS})[^\W\d_]{{0,8}}\b|"
    rf"\b(?:{_MONTHS})[^\W\d_]{{0,8}}\.? \d{{1,2}}\b"
)
# Programs call people by their names: who says I tells a story of their own.
_SPEAKER = re.compile(
    r"\bI\b(?!\.)|\b(?:we|me|us|my|our|moi|nous|ich|wir|mich|uns|yo|nosotros|io|noi|eu|nós|ik|wij)\b|\bj['’]|"
    r"^Le\b[^\n]{0,200} je\b"
)
_TELLING = re.compile(r"[\d@]")
_BRACKETED = re.compile(r"[<(\[][^<>\s]{0,200}@[^<>\s]{1,200}[>)\]]")
_ADDRESS_END = re.compile(r"[<(\[][^<>\s]{1,200}@[^<>\s]{1,200}[>)\]],?\s?[:：]?$")
_OPENINGS = re.compile(
    r"(?:on|le|am|el|il|em|en|op|den|dne|dňa|dnia|w dniu|el día|no dia|in data|pe|în|på|в|у|на|dana|a|il giorno|at|"
    r"from|von|quoting|στις|בתאריך|في|pada|vào|ในวันที่|mon|tue|wed|thu|fri|sat|sun|monday|tuesday|wednesday|thursday|"
    r"friday|saturday|sunday|lun|mar|mer|jeu|ven|sam|dim|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|mo|di|"
    r"mi|do|"
    r"fr|sa|so|seg|ter|qua|qui|sex|sáb|dom|pon|wt|śr|czw|pt|sob|ndz|po|út|st|čt|pá|ne|ke|ti|to|la|su|пн|вт|ср|чт|пт|"
    r"сб|вс|"
    r"нд)\b[\s,.]",
    re.IGNORECASE,
)
_DATE_FIRST = re.compile(
    r"(?:\d{4}[-/.年]\s?\d{1,2}[-/.月]|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}\.? [^\W\d_]{3,10}\.? \d{4}|\d{4}\. ?\d)",
)
_CITING = re.compile(
    r"(?:quoting|zitat von|zitiere|citando|citant|citation de|citát|citerar|цитирую|cytowanie|citeren|"
    r"selon|en réponse à|in reply to|als antwort auf|in antwort auf|en respuesta a|in risposta a|em resposta a)\b",
    re.IGNORECASE,
)
# One web mail puts dashes in place of the colon, another nothing.
_UNENDED = re.compile(
    r"\b(?:wrote|a écrit|schrieb|escribió|ha scritto|escreveu|schreef|skrev|kirjoitti|napisał)\s?-{0,6}$"
)
_DATED_END = re.compile(r"[>)\]] (?:wrote|kirjoitti|schrieb|skrev|a écrit|kirjutas|rašė)?.{0,60}\d.{0,40}$")
# A full stop after a long word and then a capital: two sentences, and programs write only one.
_SENTENCES = re.compile(r"[^\W\d_]{5,}[.!?…][\"»)]? +[A-ZÀ-ÖØ-Þ]|[!?] ")
_SPLIT = re.compile(r"[\s,;()\"«»]+")
_PARTICLE_WORDS = """
v ob i y je keltezéssel on le la les el il em en op den der die das dne dňa dnia w dniu día dia no in data pe în på
at à a as às las los alle ore um uhr kl kl. klo om o am pm a.m. p.m. a.m p.m h de del do da di du des of von van vom
der zu zum to via by for from al bin ibn ben e y und et and has ha har hat avez have ezt időpont időpont: tarihinde
şunu odesílatel uživatel użytkownik je oseba χρήστης ο η στις στον г г. р. р в у о об на от пользователь користувач
дня gmt utc cet cest est pst bst behalf vào lúc pada tanggal pukul kell kuupäeval lietotājs plkst plkst. missatge
dia kello klukkan giorno mailto st nd rd th er noon g. d.
"""
_PRONOUN_WORDS = "you he she they tu vous il elle du sie er tú usted ella lei lui você ele ela u je hij zij"
_CONJUNCTION_WORDS = """
as like comme wie como come zoals what ce when since and but i je j ich yo io eu ik som jak then also here this
"""
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
_PRONOUNS = frozenset(_PRONOUN_WORDS.split())
_CONJUNCTIONS = frozenset(_CONJUNCTION_WORDS.split())


def may_end(text: str) -> bool:
    """Cheap: an attribution could end with this line."""
    bare = text.rstrip("*_ ")
    return bare.endswith((*_COLONS, ">", "-")) or (len(bare) < 200 and bool(_UNENDED.search(bare[-30:].lower())))


def may_begin(text: str, following: str) -> bool:
    """An attribution that runs over several lines could begin with this one, `following` being the next."""
    if text.endswith((".", "!", "?", "…", ";")) and not _DATE_FIRST.match(text):
        return False
    if opens(text):
        return True
    return following.startswith(("<", "(", "[")) and "@" in following


def opens(text: str) -> bool:
    """The text begins like an attribution, with a date or a word that programs put before one."""
    if _OPENINGS.match(text) or _DATE_FIRST.match(text):
        return True
    # Most lines have neither a bracket nor a number: they are told so at once.
    if not _TELLING.search(text):
        return False
    lower = text.lower()
    return bool(_BRACKETED.search(lower) or (_DAY.search(lower) and _TIME.search(lower)))


def is_attribution(text: str, *, introduces: bool) -> bool:
    """The joined lines introduce a quote. `introduces`: quote marks follow; without them it takes more evidence."""
    return _introduces(text, introduces=introduces) and (introduces or not _SPEAKER.search(text))


def _introduces(text: str, *, introduces: bool) -> bool:
    if len(text) > MAX_LENGTH:
        return False
    lower = text.lower()
    bare = lower.rstrip("*_ ")
    ended = bare.endswith(_COLONS)
    # Most lines end in another way, and are told so before anything is searched in them.
    if not ended and not (introduces and bare.endswith(">")) and not _UNENDED.search(bare[-30:]):
        return False
    if _SENTENCES.search(text):
        return False
    verb = _VERB.search(lower)
    evidence = bool(_TIME.search(lower)) + bool(_DAY.search(lower)) + ("@" in lower)
    if not ended:
        return _is_unended(bare, evidence, introduces=introduces)
    if _CITING.match(lower):
        # "Selon Ann" begins sentences too: without marks below only the words that no person begins with are believed.
        return "@" in lower if introduces else "@" in lower and lower.startswith(("quoting", "zitat von"))
    bracketed = bool(_BRACKETED.search(lower))
    strangers = _strangers(text, verb)
    if strangers > _allowed_strangers(evidence, bracketed, introduces and opens(text)):
        return False
    if verb is None:
        # Whatever the language: an address at the end, or all three kinds of evidence.
        if introduces and evidence >= 2 and strangers == 0:
            return True
        return (evidence >= 2 and bool(_ADDRESS_END.search(bare))) or (evidence == 3 and opens(text))
    if introduces:
        return bool(evidence) or bool(_OPENINGS.match(lower)) or is_named(text)
    return (evidence >= 2 and opens(text)) or bracketed


def is_named(text: str) -> bool:
    """ "Ann Martin wrote:" and no more: a name or a pronoun, a verb, a colon."""
    verb = _VERB.search(text.lower())
    if verb is None or not text.rstrip("*_ ").endswith(_COLONS) or len(text) - verb.end() > 12:
        return False
    words = [word for word in _SPLIT.split(text[: verb.start()]) if word]
    if not 1 <= len(words) <= 6:
        return False
    return all(not w.islower() or w in _PARTICLES or w in _PRONOUNS for w in words) and (
        words[0].lower() not in _PARTICLES and words[0].lower() not in _CONJUNCTIONS
    )


def glued_end(text: str) -> int:
    """Where an attribution ends that a program glued to the quote ("wrote:Hello"); 0 if there is none.

    Behind an address in brackets a program may also have put several blanks, where people put one.
    """
    colon = text.find(":", 10, 300)
    while colon >= 0:
        after = text[colon + 1 : colon + 3]
        glued = after[:1].isalpha() or (after == "  " and "@" in text[:colon] and ">" in text[:colon])
        if glued and _VERB.search(text[max(0, colon - 14) : colon].lower()):
            head = text[: colon + 1]
            return colon + 1 if opens(head) and is_attribution(head, introduces=False) else 0
        colon = text.find(":", colon + 1, 300)
    return 0


def _is_unended(bare: str, evidence: int, *, introduces: bool) -> bool:
    if _UNENDED.search(bare[-30:]):
        return evidence >= 2 and "@" in bare and opens(bare)
    # "Ann <ann@example.org> 2.3.2026 10:00:" lost its colon, or an address and a date stand alone above a quote.
    return introduces and bare.endswith(">") and evidence >= 2 and bool(_DATE_FIRST.match(bare)) and "@" in bare


def _allowed_strangers(evidence: int, bracketed: bool, introduces: bool) -> int:
    """In a language that is not known here every small word is a stranger; a name may be written small too."""
    if introduces and evidence >= 2:
        return 6
    return 4 if bracketed else 1


def _strangers(text: str, verb: re.Match[str] | None) -> int:
    """How many lower-case words are neither of a date nor of those that programs put into an attribution."""
    words = _SPLIT.split(f"{text[: verb.start()]} {text[verb.end() :]}" if verb else text)
    return sum(
        1
        for word in words
        if word
        and word[0].isalpha()
        and word.islower()
        and "@" not in word
        and word.rstrip(":") not in _PARTICLES
        and not _CALENDAR.match(word)
    )
