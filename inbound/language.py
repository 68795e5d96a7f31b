"""The language of somebody's words, by the small words that every sentence has.

reading stores it with the post: it chooses the words of our answers and how the search index cuts words. A vote: each
small word counts for the languages that use it, less where several do; other scripts speak for themselves. Linear.
"""

from __future__ import annotations

import re
from collections import defaultdict

MAX_TEXT = 2_000
_SMALL_WORDS = {
    "fr": """
        le la les un une des du de et est que qui pour dans ce cette ces pas je nous vous il elle ils on sur
        avec au aux mais ou où ne se son sa ses mon ma mes notre nos votre vos plus être avoir fait faire
        bonjour merci cordialement très bien oui non été sont ont ça comme si tout tous toute peut par en y à
        leur quand donc car aussi sans suis sera serait c'est j'ai n'est qu'il d'accord d'un l'on voici voilà
        même après avant chez vendredi lundi mardi mercredi jeudi salut demain hier était peux deux jour jours
        semaine aujourd'hui entre sous dont cela ceci ici quelqu'un encore toujours rien bon bonne peu fin
        pièce pièces joint jointe ci-joint tenue
        depuis jamais ailleurs moi toi lui eux alors ainsi autre autres chaque mieux moins beaucoup
        parce pourquoi comment quel quelle celui celle ceux vers pendant jusqu'à contre étaient étais
        seront avait avons avez allez vais va vont aller dire voir vu venir vient mis mettre prendre
        pris trop assez déjà dès lors dernier dernière prochain prochaine nouveau nouvelle heure heures
        mois année matin soir midi parfait bonsoir besoin côté sauf selon quelques plusieurs vraiment
        vite oublié janvier février juillet août décembre samedi dimanche faut quoi cet vingt trente
        sept
    """,
    "en": """
        the a an and is are was were of to in for on with that this it you i we they he she at by from be have
        has had not but or as if will would can could should do does did my your our their there what which who
        when thanks thank hello hi please yes no all any some more about just so than then been am me it's i'm
        don't let's monday tuesday wednesday thursday friday tomorrow yesterday these those into only everyone
        great such last first next week day night see send us today again still how know need also here now
        between before
        attached file files
        them back except per one two three done waiting come comes over under while until since because
        every each both other another new old good best better well very too even most many much few own
        may might must shall can't won't isn't doesn't didn't wasn't we're we'll you're i'll i'd they're
        that's there's off out up down away where why whose him his her its yours give gave get got make
        made take took put go goes going went say said look looks work works working sorry sure fine
        right perfect same month year morning afternoon evening hours minutes saturday sunday regards
        kind nobody somebody someone nothing something never always yet without within
    """,
    "de": """
        der die das den dem des ein eine einen einem einer und ist sind war nicht mit auf für von zu im in an es
        ich wir ihr sie er auch aber oder wie wenn dass bei nach aus noch nur schon sich mir uns euch kann
        können habe haben hat wird werden bitte danke hallo grüße grüßen viele sehr ja nein zum zur bis über am
        mein unser diese dieser montag dienstag mittwoch donnerstag freitag morgen bin keine gibt gut vielen vom
        findet erst tag statt gestern heute woche uhr seit ohne gegen unter zwischen jemand leider also beim
        durch wieder alle werde wäre wurde einfach
        weil während immer niemals etwas nichts jeder jede jedes machen gemacht macht geht gehen gehe
        seid wären will wollen möchte denke besser mehr weniger innerhalb januar februar juni juli
        samstag sonntag steht liegt kommt kommen dort deshalb trotzdem stunde stunden monat jahr abend
        mittag niemand zwei drei müssen muss sollte dein deine ihre ihren seine seinen eure unsere
        unseren
    """,
    "es": """
        el la los las un una unos de del y es son que en por para con no se su sus lo al como más pero o si ya
        muy este esta estos está están hola gracias saludos nosotros usted ustedes he ha hay fue ser sobre
        también cuando donde mi nuestro nuestra todo todos qué buenos días lunes martes miércoles jueves viernes
        mañana tengo puede estoy desde hasta hemos me te nos favor a dos alguien nadie día semana hoy ayer entre
        sin antes después ahora aquí otra otro buen bueno puedes esto eso tenemos vamos saludo personas ayuda
        ayudar alguno cada según van
        porque aunque mientras siempre nunca algo nada mismo misma hace hacer hecho dice decir ver va ir
        soy somos sería será tiene tienen tener quiero quiere creo solo sólo entonces así bien mejor
        peor mucho mucha muchos poco menos dentro fuera durante enero febrero junio julio falta faltan
        nombre segunda sábado domingo llegar vuelve vuelven hora horas mes año noche tarde primera
    """,
    "it": """
        il lo la i gli le un uno una di del della dei delle e è sono che in per con non si su al alla da dal
        come più ma o se questo questa ho ha hanno ciao grazie saluti buongiorno noi voi anche nel nella dello
        degli mi ci sarà essere molto tutto tutti quando dove perché sul sulla lunedì martedì mercoledì giovedì
        venerdì domani posso siamo abbiamo ancora può dopo a due qualcuno giorno giorni settimana oggi ieri fra
        tra senza prima adesso qui altra altro buon puoi ecco
        mai sempre ogni stesso stessa fare fatto fa va vanno andare sia sarebbe saranno vuole voglio
        credo solo allora così bene meglio poco meno dentro fuori durante gennaio febbraio giugno luglio
        sabato domenica ora ore mese anno sera mattina niente nulla perciò quindi serve manca
    """,
    "pt": """
        o a os as um uma de do da dos das e é são que em no na nos nas por para com não se seu sua mais mas ou
        como este esta isso olá obrigado obrigada está estão foi ser ao pelo pela também já muito quando onde
        meu minha nosso nossa você vocês eu tem tenho segunda terça quarta quinta sexta amanhã bom dia até ainda
        podemos temos sobre depois estou li outra outro vez falta alguém dois duas dias semana hoje ontem entre
        sem antes agora aqui pode isto boa
        porque nunca sempre cada mesmo mesma fazer feito faz vai vão ir sou somos seria será serão podem
        quer quero acho só então assim bem melhor pior muita pouco menos dentro fora durante janeiro
        fevereiro junho julho desde segundo sábado domingo hora horas mês ano noite tarde manhã nada
        algo parado chegou chega
    """,
    "nl": """
        de het een en is zijn van in op voor met niet dat die dit ik wij we jullie u je hij zij ze er aan bij
        naar uit ook maar of als om te nog wel al kan kunnen heb hebben heeft wordt worden graag bedankt hallo
        groeten goed zeer ja nee mijn onze ons deze over wat maandag dinsdag woensdag donderdag vrijdag morgen
        ben geen was hebt moet door dan daar tussen zes acht uur dag week vandaag gisteren zonder iemand hier
        ligt onder tegen alleen kun zou zullen eens
        tot blijft klaar pas nooit altijd iets
        omdat terwijl niets ieder elke maken gemaakt maakt gaat gaan ga willen wil beter meer minder
        binnen buiten januari februari juni juli zaterdag zondag staat komt komen want dus twee drie
        uren maand jaar avond middag niemand moeten mag mogen jouw hun haar zelf mee
    """,
    "pl": """
        i w na z do nie się jest są to że o za od po przez dla jak ale lub czy co ten ta te tego tej tym oraz
        już tylko może można proszę dziękuję dzień dobry cześć pozdrawiam mam mamy był była było będzie bardzo
        jeszcze nas nam ja my pan pani poniedziałek wtorek środę czwartek piątek jutro także więc gdy przed
        kiedy mnie jestem dwa dwie tydzień tygodnia dzisiaj wczoraj między bez pod nad ktoś tutaj został została
        zostało nasz nasze
    """,
    "sv": """
        och att det en ett i på är som för med av till den inte har jag vi ni du han hon de kan ska om men så
        var från vid hej tack hälsningar mycket också eller när hur vad min vår alla detta denna blir måste bara
        efter finns måndag tisdag onsdag torsdag fredag imorgon mig oss skulle vill här två dag vecka veckan
        idag igår mellan utan någon något där under igen bra ännu nu kommer
        länge än igen ta varit inget
    """,
    "da": """
        og at det en et i på er som for med af til den ikke har jeg vi du han hun de kan skal om men så var fra
        ved hej tak hilsen meget også eller når hvordan hvad min vores alle dette denne bliver efter mandag
        tirsdag onsdag torsdag fredag mig os hvis vil være nogle to oss dag uge ugen dagen idag mellem uden
        nogen noget der under igen godt endnu nu kommer samme stadig desværre hvornår kunne skulle måske gerne
        selv bare blive blev derfor
    """,
    "no": """
        og at det en et i på er som for med av til den ikke har jeg vi du han hun de kan skal om men så var fra
        ved hei takk hilsen veldig også eller når hvordan hva min vår alle dette denne blir etter mandag tirsdag
        onsdag torsdag fredag meg oss hvis vil være noen to dag uke uken dagen mellom uten noe der under igjen
        bra ennå nå kommer samme
    """,
    "fi": """
        ja on ei se että en olen oli ovat myös mutta tai kun jos niin kuin hän me te he minä sinä tämä nyt vain
        kiitos hei terveisin voi voimme voin mitä joka kanssa sekä ole maanantaina tiistaina keskiviikkona
        torstaina perjantaina huomenna meillä vielä kaksi päivä viikko tänään eilen ennen joku tässä meitä jotka
        siinä
    """,
    "cs": """
        a je se na v že to s z do o pro ale by jak si po za ve jsou jsem není tak ještě už co nebo které který
        děkuji dobrý den ahoj prosím mám máme bude byl byla bylo také když od při pondělí úterý středu čtvrtek
        pátek zítra jen může můžeme jsme dva týdne dnes včera mezi bez někdo tady nás nám náš nové byly své
    """,
    "ro": """
        și în de la cu pe nu este sunt că o un pentru din ce mai dar sau care am ai are au fost fi va vom
        mulțumesc bună ziua salut al ale lui noi voi eu foarte după când dacă luni marți miercuri joi vineri
        mâine această acest să se ne doi două zi zile săptămână azi ieri între fără înainte cineva aici nou
    """,
    "hu": """
        a az és hogy nem is egy van vagyok meg de ha csak már még mert vagy mint ez ezt azt volt lesz kell
        köszönöm szia üdvözlettel jó napot kérem nagyon minden mi én ön el ki hétfőn kedden szerdán csütörtökön
        pénteken holnap tudok két három aki ami amely nekünk nekem hét nap ma tegnap között nélkül után előtt
        valaki itt igen lyoni szerint
    """,
    "tr": """
        ve bir bu da de için ile çok ama var yok ne gibi daha olarak ben sen biz siz o mi mı değil teşekkürler
        merhaba iyi günler lütfen kadar sonra önce en her şey olan oldu olacak evet hayır pazartesi salı
        çarşamba perşembe cuma yarın ederim iki gün hafta bugün dün arasında biri burada bize bana yeni aynı
    """,
}
# Letters that few languages have: each word with one counts half a vote for them together.
_LETTERS = {
    "ß": ("de",), "ñ": ("es",), "¿": ("es",), "¡": ("es",), "ã": ("pt",), "õ": ("pt",), "ł": ("pl",), "ą": ("pl",),
    "ę": ("pl",), "ś": ("pl",), "ż": ("pl",), "ź": ("pl",), "ć": ("pl",), "œ": ("fr",), "ê": ("fr", "pt"),
    "ô": ("fr",), "é": ("fr", "es", "pt", "hu", "cs"), "î": ("fr",), "û": ("fr",), "ç": ("fr", "pt"),
    "è": ("fr", "it"), "ù": ("it", "fr"), "ò": ("it",), "ő": ("hu",), "ű": ("hu",), "ğ": ("tr",), "ı": ("tr",),
    "ş": ("tr",), "ř": ("cs",), "ů": ("cs",), "ě": ("cs",), "ž": ("cs",), "ț": ("ro",), "ș": ("ro",), "ă": ("ro",),
    "æ": ("da", "no"), "ø": ("da", "no"), "å": ("sv", "da", "no"),
    "ä": ("de", "sv", "fi"),
    "ö": ("de", "sv", "hu", "tr"), "ü": ("de", "hu", "tr"),
}  # fmt: skip
# Endings that show how a language builds its long words.
_ENDINGS = {
    "ungen": ("de",), "lich": ("de",), "keit": ("de",), "ung": ("de",), "ción": ("es",), "ciones": ("es",),
    "ção": ("pt",), "ções": ("pt",), "zione": ("it",), "zioni": ("it",), "aire": ("fr",), "eur": ("fr",),
    "eux": ("fr",), "ement": ("fr",), "heid": ("nl",), "ijk": ("nl",), "ość": ("pl",), "ego": ("pl",),
    "ingen": ("nl", "sv", "no"),
    "ally": ("en",), "ness": ("en",), "ight": ("en",), "ould": ("en",), "ssa": ("fi",), "lla": ("fi",), "nak": ("hu",),
    "ların": ("tr",), "lerin": ("tr",), "ului": ("ro",), "ých": ("cs",), "ého": ("cs",), "igt": ("sv", "da"),
}  # fmt: skip
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "ja"),
    (re.compile("[\uac00-\ud7af]"), "ko"),
    (re.compile("[\u4e00-\u9fff]"), "zh"),
    (re.compile("[\u0370-\u03ff]"), "el"),
    (re.compile("[\u0590-\u05ff]"), "he"),
    (re.compile("[\u0600-\u06ff]"), "ar"),
    (re.compile("[\u0e00-\u0e7f]"), "th"),
    (re.compile("[іїєґІЇЄҐ]"), "uk"),
    (re.compile("[\u0400-\u04ff]"), "ru"),
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_ELISION = re.compile(r"[cdjlmnstCDJLMNST]['’]|qu['’]", re.IGNORECASE)


def _votes() -> dict[str, tuple[tuple[str, float], ...]]:
    users: dict[str, list[str]] = {}
    for code, words in _SMALL_WORDS.items():
        for word in dict.fromkeys(words.split()):
            users.setdefault(word, []).append(code)
    return {word: tuple((code, 1 / len(codes)) for code in codes) for word, codes in users.items()}


_VOTES = _votes()


def language(text: str) -> str | None:
    """ISO 639-1 code, None where no language wins clearly or there are too few words to tell."""
    text = text[:MAX_TEXT]
    if not text.isascii() and (code := _by_script(text)):
        return code
    votes: defaultdict[str, float] = defaultdict(float)
    words = _WORD.findall(text.lower().replace("’", "'"))
    for word in words:
        found = _VOTES.get(word)
        if found is None and "'" in word:
            # In French and Italian the article hangs at the word: l'eau, dell'acqua.
            elided = _ELISION.match(word)
            if elided is not None:
                votes["fr"] += 0.5
            found = _VOTES.get(word.partition("'")[2])
        for code, weight in found or ():
            votes[code] += weight
        if not word.isascii():
            for letter in set(word) & _LETTERS.keys():
                _vote(votes, _LETTERS[letter])
        if found is None and len(word) > 5:
            for length in (5, 4, 3):
                if users := _ENDINGS.get(word[-length:]):
                    _vote(votes, users)
                    break
    ranking = sorted(votes, key=lambda code: -votes[code])[:2]
    first = ranking[0] if ranking else ""
    most, second = votes[first], votes[ranking[1]] if len(ranking) > 1 else 0.0
    # A longer text without enough small words is in a language we do not know, or in none.
    enough = max(0.5, 0.08 * min(len(words), 200))
    return first if most >= enough and most >= 1.4 * second + 0.2 else None


def _vote(votes: defaultdict[str, float], users: tuple[str, ...]) -> None:
    for code in users:
        votes[code] += 0.5 / len(users)


def _by_script(text: str) -> str | None:
    """The language of another script, where its letters are a third of all."""
    letters = sum(map(str.isalpha, text))
    for script, code in _SCRIPTS:
        count = len(script.findall(text))
        needed = 0.01 if code in ("uk", "ja") else 0.3
        if count and count > needed * letters:
            return code
    return None
