"""Lines that programs and lists put below what a person wrote: "Sent from my iPhone" and its kin.

endings asks about short paragraphs, lines already joined. To teach Relais another program, add its name to the devices;
another language, its word for sending; and a case to the tests.
"""

from __future__ import annotations

import re

MAX_LENGTH = 240
_LEAD = r"[-_*~•·|>\s\"«\[(]*"
_MY = (
    r"(?:(?:my|mon|ma|mes|meinem|meiner|mein|meine|mi|mio|mia|meu|minha|mijn|min|mit|moje|mojego|mojej|mého|môjho|"
    r"моего|"
    r"моей|мого|the|a|an|une?|le|la|les|l['’]|il|el|o|het|de|du|der|dem|ein|einem|einer|the new|app|application|"
    r"appli|aplicación|aplicação|applicazione|mobile|mobilen|telefonu|telefon|téléphone|phone|devices?|appareil|"
    r"gerät|secure|messagerie|adresse|boîte|smartphone|portable|handy|tablette?|client|free|wireless|beautiful|"
    r"program[ua]?|пошти|мобильной|мобільної|почты|приложения|з|мобильного|устройства|new)\s+|l['’]|d['’])"
)
_SENT = (
    r"sent|written|composed|posted|delivered|envoy[ée]e?|exp[ée]di[ée]|[ée]crit|r[ée]dig[ée]|transmis|gesendet|"
    r"verschickt|"
    r"geschrieben|verfasst|enviad[oa]|inviat[oa]|scritto|escrito|verzonden|verstuurd|skickat|sendt|send|wysłan[eoy]|"
    r"lähetetty|odesláno|odoslané|poslano|poslato|küldve|trimis|gönderildi|отправлено|надіслано|изпратено|enviat|"
    r"saadetud|"
    r"στάλθηκε"
)
_FROM = (
    r"from|via|with|using|by|on|in|through|depuis|de|du|des|avec|par|sur|à partir d[eu'’]|à l['’]aide d[eu'’]|von|mit|"
    r"über|"
    r"vom|aus|desde|con|do|da|dal|dalla|com|pelo|pela|van|vanaf|vanuit|met|från|fra|frá|via|z|ze|za pomocą|iz|од|с|со|"
    r"из|з|із|din|de pe|prin|pomocí|pomocou|έκ|από|d['’]une?|d['’]|através d[eo]|tramite|mittels|ur|med"
)
_DEVICE = (
    r"i-?phon[a-z]|i-?pad|i-?pod|mac(?:book|intosh)?\b|apple|android|samsung|galaxy|blackberry|windows|outlook|e-?mails?\b|"
    r"courriers?|correo|posta\b|poczt|mobiles?\b|mobilen?\b|phone|smart-?phone|t[ée]l[ée]phone|portable|handy|"
    r"tablette?|"
    r"htc|nokia|sony|huawei|xiaomi|\bmi\b|redmi|poco\b|yahoo|gmail|google|orange|sfr\b|bouygues|"
    r"laposte\.net|"
    r"free(?:\.fr|box| mobile)|proton|tutanota|tuta\b|fastmail|mailbox|spark|thunderbird|m[óo]vil|celular|cellulare|"
    r"mobiltelefon|telefon|matkapuhelin|dispositivo|device|ger[äa]t|appareil|boxer|nine\b|palm|motorola|moto\b|lg\b|"
    r"airmail|superhuman|watch|verizon|vodafone|t-mobile|at&t|sprint|o2\b|wireless|typeapp|wiko|oneplus|pixel|honor|"
    r"oppo|vivo\b|realme|fairphone|asus|lenovo|alcatel|bluemail|blue mail|mailspring|k-9|aqua ?mail|fairemail|edison|"
    r"newton|cloudmagic|mail\.ru|почты|почта|yandex|яндекс|gmx|web\.de|t-online|zimbra|zoho|hey\b|shortwave|notion|"
    r"roundcube|horde|webmail|claws|evolution|em client|mailbird|postbox|canary|polymail|missive|front\b|surface|"
    r"chromebook|kindle|lumia|sailfish|jolla|ubuntu touch|telegram|hotmail|live\b|aol\b|libero|virgilio|tiscali|seznam|"
    r"wp\.pl|onet|o2\.pl|interia|rambler|ukr\.net|naver|daum|qq邮箱|foxmail|网易|邮箱大师"
)
_ONE = re.compile(
    rf"{_LEAD}(?:(?:this|the)\s(?:e-?mail|message)\s(?:was|has been)\s|ce (?:message|mail|courriel) a été\s|"
    rf"diese (?:nachricht|e-?mail|mail) wurde\s|este mensaje (?:ha sido|fue)\s)?"
    rf"(?:{_SENT})\s(?:(?:{_FROM})\s?{_MY}{{0,4}}(?:[^\s,.!?;:]{{1,20}}\s){{0,2}}[^\s,.!?;:]{{0,12}})?(?:{_DEVICE})",
    re.IGNORECASE,
)
# The verb at the end: "Von meinem iPhone gesendet", "iPhoneから送信", "发自我的iPhone".
_OTHER = re.compile(
    rf"{_LEAD}(?:"
    rf"(?:von|vom|diese|mit|aus|dieses)\s.{{0,60}}(?:{_DEVICE}).{{0,40}}(?:gesendet|verschickt|geschrieben|verfasst)|"
    rf"mobil (?:gesendet|verschickt)|(?:mobile|phone|iphone|smartphone)n? (?:gesendet)|von unterwegs gesendet|"
    rf".{{0,30}}(?:iphone|ipad|android|outlook|galaxy|xperia|docomo|yahoo!?メール|gmail).{{0,30}}(?:から送信|より送信|"
    rf"에서 보냄|에서 보냈습니다|tarafımdan gönderildi|cihazımdan gönderildi|uygulamasından gönderildi|dan gönderildi|"
    rf"ımdan gönderildi|imdan gönderildi|jemről küldve|készülékemről küldve)|"
    rf"(?:发自|發自|从我的|從我的|寄自|傳送自|來自|来自)\s?.{{1,40}}(?:发送|傳送|)|나의 .{{1,30}}에서 보냄|"
    rf"(?:נשלח מה|نشر من|أُرسلت من|أرسلت من|مرسل من|تم الإرسال من).{{1,40}}|"
    rf"(?:get|download|try|obtenez|obtenir|t[ée]l[ée]charge[rz]?|descarga(?:r)?|obtener|obtén|obter|obtenha|scarica|"
    rf"ottieni|"
    rf"holen sie sich|laden sie|hämta|skaff|hent|få|lataa|hanki|pobierz|stáhnout|získejte|letöltés|az|descarregar|"
    rf"получить|скачать|отримати|завантажити|προμηθευτείτε|下载|下載|取得|获取)\s?.{{0,30}}?"
    rf"(?:outlook|blue ?mail|typeapp|spark|proton|gmail|yahoo|edison|mailspring|boxer|nine|mymail|tuta)(?:.{{0,14}}|"
    rf".{{0,40}}(?:ios|android|\bmac\b|windows|i-?phone|i-?pad|mobile?\b|app store|google play|store\b).{{0,30}})|"
    rf"outlook (?:f[üu]r|voor|til|för|para|per|pour|for|na|pro|pre|для|dla) (?:ios|android|mac|windows).{{0,40}}|"
    rf"(?:ios|android)\s?(?:版|用|için|용).{{0,6}}outlook.{{0,20}}|outlook.{{0,4}}(?:ios|android).{{0,30}}(?:beszerzése|"
    rf"edinin|を入手|다운로드)|"
    rf"(?:provenance|von|da|van|from|de|desde|fra|från|od|från)\s?:\s(?:courrier|mail|e-?mail|correo|posta|poczta|"
    rf"e-post)"
    rf"(?: for| pour| für| para| per| voor| till?| dla)? windows.{{0,10}}|"
    rf"typos? courtesy of my .{{1,30}}|sent while .{{1,20}}(?:mobile|phone).{{0,10}}|"
    rf"(?:please )?(?:excuse|pardon|forgive)(?: my| any)? (?:brevity|typos)(?:(?: and| or|,).{{0,30}})?|"
    rf"(?:veuillez|merci d['’])\s?(?:excuser|pardonner) (?:ma|la) bri[èe]vet[ée].{{0,20}}|"
    rf"bitte (?:entschuldigen sie|verzeihen sie)(?: die| meine)? kürze.{{0,20}}"
    rf")$",
    re.IGNORECASE,
)
_LINK = re.compile(r"\s?[<(\[]{1,2}(?:https?://|www\.)[^\s<>()\[\]]{1,500}[>)\]]{0,2}|https?://\S{1,500}")
_LIST_RULE = re.compile(r"_{2,}$|-{20,}$|(?:-=){3,}-?$|={20,}$|~-~-~.{0,40}$")
_LIST_FOOTER = re.compile(
    r"mailing list|listinfo|list-?archive|liste de diffusion|unsubscribe|d[ée]sabonner|d[ée]sinscrire|abbestellen|"
    r"darse de baja|cancellar(?:e|si)|afmelden|avregistrera|odhlásit|wypisać|отписаться|mailman/|groups\.io links|"
    r"view this (?:message|topic) (?:at|online)|reply to this email directly|view it on git",
    re.IGNORECASE,
)
_LIST_WAY = re.compile(r"@|https?:|www\.|\b(?:subscribed|abonn|inscrit|suscrit|iscritt|inscrito|geabonneerd)")
_LIST_BEGIN = re.compile(
    r"(?:-- ?)?(?:you (?:received|are receiving|got) this (?:message|e-?mail) because|to unsubscribe (?:from|send|"
    r"visit)|"
    r"(?:vous (?:recevez|avez reçu) ce (?:message|mail|courriel|courrier),? (?:car|parce que))|pour (?:vous|te) d[ée]s"
    r"(?:abonner|inscrire) |(?:sie (?:erhalten|haben) diese (?:nachricht|e-?mail).{0,20}weil)|"
    r"(?:has recibido|ha recibido|recibiste) este (?:mensaje|correo).{0,10}porque|hai ricevuto questo messaggio perché|"
    r"você (?:está recebendo|recebeu) esta? (?:mensagem|e-?mail) porque|je ontvangt dit bericht omdat|"
    r"für weitere optionen besuchen sie|for more options, visit|to view this discussion on|"
    r"pour afficher cette discussion|"
    r"[-=]{4,} ?\n?groups\.io links)",
    re.IGNORECASE,
)


def is_mobile_footer(text: str) -> bool:
    """ "Sent from my iPhone": one short paragraph that the program wrote, not the person."""
    if len(text) > MAX_LENGTH:
        return False
    bare = _LINK.sub(" ", text).replace("<br>", " ").strip(' \t*_|-~•·"»])')
    if len(bare) > 130 or not bare:
        return False
    found = _ONE.match(bare)
    if found is not None:
        rest = bare[found.end() :]
        # Programs go on with a version, a slogan or an excuse; people with another sentence.
        return len(rest.split()) <= 9 and not _SENTENCE_GOES_ON.match(rest)
    return bool(_OTHER.match(bare.rstrip(". ")))


_SENTENCE_GOES_ON = re.compile(
    r"[^.]{0,12}(?: (?:so|because|as|when|where|which|that|and|but|yesterday|today|to|si|donc|car|parce|quand|qui|"
    r"que|et|"
    r"mais|hier|demain|weil|damit|und|aber|gestern|heute)\b)",
    re.IGNORECASE,
)


def is_list_rule(text: str) -> bool:
    """The rule that list software draws above its footer."""
    return bool(_LIST_RULE.match(text))


def is_list_footer(text: str) -> bool:
    """The line below such a rule speaks of a list."""
    return bool(_LIST_FOOTER.search(text))


def is_list_notice(text: str) -> bool:
    """A paragraph by which a list or a group says how to leave it."""
    return bool(_LIST_BEGIN.match(text) and _LIST_WAY.search(text))
