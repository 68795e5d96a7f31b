from __future__ import annotations

import time

import pytest

from inbound.language import language

# Sentences as colleagues write them, each of eight words or more.
SENTENCES = {
    "fr": """La réunion de jeudi est déplacée au lendemain, même salle.
Pouvez-vous m'envoyer le compte rendu avant la fin de semaine ?
Nous cherchons deux personnes pour aider à préparer le salon de Lyon.
J'ai relu le document, il manque le budget du second semestre.
Quelqu'un connaît-il un bon prestataire pour la traduction de nos fiches ?
Super travail, bravo à toute l'équipe pour ce lancement réussi !
Le serveur sera arrêté dimanche matin entre six et huit heures.
Voici le lien vers les photos, pensez à les télécharger rapidement.
D'accord avec Paul, attendons les chiffres de mars pour décider.
Quels outils utilisez-vous pour suivre vos projets en interne ?
Je serai absent lundi, contactez Marie en cas d'urgence svp.
L'atelier affiche complet, une deuxième session ouvrira en octobre prochain.""",
    "en": """Thursday's meeting has been moved to the next day, same room.
Could you send me the minutes before the end of the week?
We are looking for two people to help prepare the Lyon fair.
I read the document again; the second-half budget is still missing.
Does anybody know a good translator for our product sheets?
Great work everyone, congratulations on such a smooth launch last night!
The server will be down on Sunday between six and eight.
Here is the link to the pictures, remember to download them soon.
Agreed with Paul, let's wait for March figures before deciding anything.
Which tools do you use to follow projects in your teams?
Out on Monday, please ask Mary if something urgent comes up.
Workshop is fully booked, second session opens in October with more seats.""",
    "de": """Die Besprechung vom Donnerstag findet erst am nächsten Tag statt.
Können Sie mir das Protokoll bitte noch vor dem Wochenende schicken?
Wir suchen zwei Personen, die uns bei der Messe in Lyon helfen.
Ich habe das Dokument gelesen, das Budget fehlt leider noch immer.
Kennt jemand einen guten Übersetzer für unsere technischen Datenblätter?
Tolle Arbeit, herzlichen Glückwunsch an das ganze Team zum Start!
Am Sonntag wird der Server zwischen sechs und acht Uhr abgeschaltet.
Hier ist der Link zu den Fotos von gestern Abend.""",
    "es": """La reunión del jueves se pasa al día siguiente, misma sala.
¿Me puedes enviar el acta antes del fin de semana, por favor?
Buscamos a dos personas para ayudar a preparar la feria de Lyon.
He vuelto a leer el documento y falta el presupuesto del segundo semestre.
¿Alguien conoce a un buen traductor para nuestras fichas de producto?
Muy buen trabajo, enhorabuena a todo el equipo por el lanzamiento.
El servidor estará parado el domingo entre las seis y las ocho.
Aquí tenéis el enlace a las fotos de la semana pasada.""",
    "it": """La riunione di giovedì è spostata al giorno dopo, stessa sala.
Mi puoi mandare il verbale prima della fine della settimana?
Cerchiamo due persone per aiutarci a preparare la fiera di Lione.
Ho riletto il documento, manca ancora il bilancio del secondo semestre.
Qualcuno conosce un buon traduttore per le nostre schede di prodotto?
Ottimo lavoro, complimenti a tutta la squadra per il lancio di ieri.
Il server sarà fermo domenica mattina tra le sei e le otto.
Ecco il collegamento alle foto, ricordatevi di scaricarle presto.""",
    "pt": """A reunião de quinta foi adiada para o dia seguinte, mesma sala.
Você pode me enviar a ata antes do fim da semana?
Procuramos duas pessoas para ajudar a preparar a feira de Lyon.
Li o documento outra vez e falta o orçamento do segundo semestre.
Alguém conhece um bom tradutor para as nossas fichas de produto?
Excelente trabalho, parabéns a toda a equipa pelo lançamento de ontem!
O servidor vai estar parado no domingo entre as seis e as oito.
Aqui está a ligação para as fotografias da semana passada.""",
    "nl": """De vergadering van donderdag is verplaatst naar de volgende dag.
Kun je mij het verslag voor het einde van de week sturen?
Wij zoeken twee mensen die ons willen helpen met de beurs in Lyon.
Ik heb het document gelezen, maar de begroting ontbreekt nog steeds.
Kent iemand een goede vertaler voor onze technische productbladen en handleidingen?
Goed gedaan, gefeliciteerd aan het hele team met deze lancering!
De server ligt zondag tussen zes en acht uur plat.
Hier is de link naar de foto's van vorige week.""",
    "pl": """Czwartkowe spotkanie zostało przeniesione na następny dzień, ta sama sala.
Czy możesz mi wysłać protokół przed końcem tego tygodnia?
Szukamy dwóch osób do pomocy przy targach w Lyonie.
Przeczytałem dokument jeszcze raz, nadal brakuje budżetu na drugie półrocze.
Czy ktoś zna dobrego tłumacza do naszych kart produktów?
Świetna robota, gratulacje dla całego zespołu z okazji startu!
Serwer będzie wyłączony w niedzielę między szóstą a ósmą rano.
Tutaj jest link do zdjęć z zeszłego tygodnia, proszę je pobrać.""",
    "sv": """Mötet på torsdag är flyttat till nästa dag, samma rum.
Kan du skicka protokollet till mig före slutet av veckan?
Vi söker två personer som kan hjälpa oss med mässan i Lyon.
Jag har läst dokumentet igen och budgeten saknas fortfarande tyvärr.
Är det någon som känner en bra översättare till våra produktblad?
Mycket bra jobbat, grattis till hela laget efter gårdagens lansering!
Servern kommer att vara avstängd på söndag mellan sex och åtta.
Här är länken till bilderna från förra veckan.""",
    "da": """Mødet på torsdag er flyttet til dagen efter, samme lokale.
Kan du sende mig referatet inden udgangen af denne uge?
Vi leder efter to personer, der kan hjælpe os med messen.
Jeg har læst dokumentet igen, men budgettet mangler desværre stadig.""",
    "fi": """Torstain kokous on siirretty seuraavaan päivään, mutta sali on sama.
Voitko lähettää minulle pöytäkirjan ennen kuin viikko on ohi?
Etsimme kahta henkilöä, jotka voivat auttaa meitä messujen kanssa.
Luin asiakirjan uudestaan, ja siinä ei vielä ole tämän vuoden budjettia.""",
    "cs": """Čtvrteční schůzka se přesouvá na další den, místnost je stejná.
Můžete mi prosím poslat zápis ještě před koncem tohoto týdne?
Hledáme dva lidi, kteří by nám pomohli s veletrhem v Lyonu.
Dokument jsem si přečetl znovu a stále v něm chybí rozpočet.""",
    "ro": """Ședința de joi a fost mutată pentru ziua următoare, aceeași sală.
Poți să îmi trimiți procesul verbal până la sfârșitul săptămânii?
Căutăm două persoane care să ne ajute cu târgul din Lyon.
Am citit din nou documentul și lipsește bugetul pe semestrul doi.""",
    "hu": """A csütörtöki megbeszélés a következő napra kerül, ugyanaz a terem.
El tudnád küldeni a jegyzőkönyvet még a hét vége előtt?
Két embert keresünk, aki segít nekünk a lyoni vásáron.
Újra elolvastam a dokumentumot, és még mindig hiányzik belőle a költségvetés.""",
    "tr": """Perşembe günkü toplantı ertesi güne alındı, salon aynı kalıyor.
Hafta sonundan önce bana tutanağı gönderebilir misiniz, çok teşekkür ederim.
Lyon fuarı için bize yardım edecek iki kişi arıyoruz.
Belgeyi tekrar okudum ama ikinci yarının bütçesi hâlâ yok.""",
    "ru": """Встреча в четверг перенесена на следующий день, зал тот же.
Пришлите мне, пожалуйста, протокол до конца этой недели.""",
    "uk": """Зустріч у четвер перенесено на наступний день, зал той самий.
Надішліть мені, будь ласка, протокол до кінця цього тижня, дякую.""",
    "el": "Η συνάντηση της Πέμπτης μεταφέρεται για την επόμενη μέρα στην ίδια αίθουσα.",
    "he": "הפגישה של יום חמישי נדחתה ליום המחרת באותו חדר בדיוק",
    "ar": "تم تأجيل اجتماع يوم الخميس إلى اليوم التالي في نفس القاعة",
    "zh": "星期四的会议改到第二天，还是在同一个房间，请大家准时参加。",
    "ja": "木曜日の会議は翌日に変更になりました。部屋は同じです。よろしくお願いします。",
    "ko": "목요일 회의는 다음 날로 변경되었습니다. 장소는 같습니다. 감사합니다.",
}
CASES = [(code, sentence) for code, sentences in SENTENCES.items() for sentence in sentences.split("\n")]


def test_sentences_of_eight_words_are_told() -> None:
    wrong = [(code, language(sentence), sentence) for code, sentence in CASES if language(sentence) != code]
    assert len(wrong) <= len(CASES) // 50, wrong


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Bonjour, je suis d'accord avec vous.", "fr"),
        ("I agree with you, thanks for this.", "en"),
        ("Merci", "fr"),
        ("Thanks!", "en"),
        ("", None),
        ("12 / 34", None),
        ("Ich bin damit einverstanden", "de"),
        ("the les and et", None),
        ("Relais 2.4 OK", None),
    ],
)
def test_the_common_words_vote(text: str, code: str | None) -> None:
    assert language(text) == code


def test_long_texts_cost_little() -> None:
    began = time.process_time()
    language("l'" * 500_000)
    language("ñ " * 500_000)
    assert time.process_time() - began < 0.5
