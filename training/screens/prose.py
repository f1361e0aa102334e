"""Sentences, names and figures in six languages, made from lists of words."""

from random import Random


def words_of(text: str) -> tuple[str, ...]:
    """The words of a block of text, in its order."""
    return tuple(text.split())


_ENGLISH = words_of("""
the of and to in is that for it as was with be on not are this by from or have an they which one all there when more
other time people work year team plan report budget market customer product service result growth quarter project
review meeting agenda update launch risk cost sales price value quality design system data model network server
window signal picture video sound camera screen figure table chart map street city river bridge station airport
hotel school hospital garden mountain weather morning evening week month summer winter number percent million share
rate level average total change increase decline target forecast summary decision question answer problem reason
example process method measure test sample error limit range weight length speed power energy water paper letter
book chapter story history science music language culture health research study university student teacher company
manager office contract policy account payment invoice order delivery supply partner supplier region country
government public private local global early late high low long short large small new old open closed strong weak
clear simple complex useful possible important different similar final first second third next last many few several
every each between across during after before under over about against without make take give find keep show tell
ask need want build write read send meet learn move follow open close start stop begin improve reduce compare
explain prepare deliver support develop discuss confirm schedule remember consider continue quickly slowly often
always never usually together again already still even only also both either however therefore
""")
_GERMAN = words_of("""
der die das und ist nicht mit für auf eine werden sich auch über nach bei wird können müssen zwischen während Jahr
Zeit Woche Bericht Übersicht Ergebnis Änderung Prüfung Größe Straße Brücke Fluss Bahnhof Schule Wissenschaft
Gesellschaft Verfügung Kunden Umsatz Kosten Qualität Lösung Entwicklung Verbesserung Möglichkeit heute morgen
gestern schnell möglich wichtig groß klein neu früh später außerdem natürlich gemeinsam einfach schließlich
Besprechung Aufgabe Entscheidung
""")
_FRENCH = words_of("""
le la les des une est pas pour dans avec sur plus être cette leur année temps semaine réunion résultat équipe marché
coût qualité été déjà très même après où français problème première dernière société développement région élève
système réseau modèle données décision expérience rapport gestion février août début là jusqu'à aujourd'hui
peut-être toujours ensemble
""")
_SPANISH = words_of("""
el los las una por con para más este como pero sus año tiempo semana reunión informe equipo mercado precio calidad
señor mañana también después según decisión solución población región próximo último número gestión años pequeño
información empresa trabajo desarrollo servicio cliente resultado todavía siempre nunca juntos rápido fácil difícil
""")
_POLISH = words_of("""
jest nie się na do że jak ale tylko może być przez jego także rok czas tydzień spotkanie wynik zespół rynek koszt
jakość później już między każdy większość możliwość przykład społeczeństwo środa źródło żółty łatwy ważny pierwszy
następny rozwiązanie zmiana pytanie odpowiedź dzień miesiąc usługa sprzedaż ręka światło książka
""")
_SWEDISH = words_of("""
och att det som är för på med inte har till av ett jag kan när från över år tid vecka möte resultat grupp marknad
kostnad kvalitet början därför också några första nästa många människor större mindre lösning förändring fråga svar
dag månad tjänst försäljning björn sjö väg bråttom gärna själv ändå
""")
LANGUAGES = {
    "English": _ENGLISH,
    "German": _GERMAN,
    "French": _FRENCH,
    "Spanish": _SPANISH,
    "Polish": _POLISH,
    "Swedish": _SWEDISH,
}
_FIRST = words_of("""
Ada Ben Chloé Daniel Elena Farid Greta Hugo Ines Jonas Kofi Łucja Maria Nils Olga Priya Quentin Rosa Sören Tara
""")
_LAST = words_of("""
Almeida Berg Costa Dubois Eriksson Fischer García Hansen Ito Jansen Kowalski López Müller Novak Okafor Patel
""")
PLACES = words_of("""
Aalborg Bergen Cádiz Dresden Évora Fribourg Gdańsk Helsinki Innsbruck Jena Kraków Limoges Malmö Nantes Oulu Porto
Quimper Riga Sevilla Turin Uppsala Valencia Wien Ypres Zürich Northgate Southwell Eastbrook Westfield Millbrook
Harbour Lakeside
""")
_STREETS = words_of("""
Market Station Church Mill River Bridge Castle Garden Harbour Queen King Abbey Forest Hill Park Orchard
""")
_KINDS = words_of("""
Street Road Lane Avenue Square Walk Place Row
""")


class Prose:
    """Endless text of one language."""

    def __init__(self, rng: Random, language: str | None = None) -> None:
        self._rng = rng
        self.language = language or rng.choices(tuple(LANGUAGES), (8, 1, 1, 1, 1, 1))[0]
        self._words = LANGUAGES[self.language]

    def word(self) -> str:
        return self._rng.choice(self._words)

    def phrase(self, least: int = 2, most: int = 5) -> str:
        """A few words, the first one with a capital, as in a heading."""
        words = [self.word() for _ in range(self._rng.randint(least, most))]
        return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])

    def sentence(self, least: int = 5, most: int = 16) -> str:
        rng = self._rng
        words = self.phrase(least, most).split(" ")
        if rng.random() < 0.3:
            place = rng.randrange(1, len(words))
            words[place] = rng.choice((figure(rng), percent(rng), str(rng.randint(2019, 2026))))
        if len(words) > 8:
            place = rng.randrange(2, len(words) - 2)
            words[place] += ","
        return " ".join(words) + rng.choices(".?!", (10, 1, 1))[0]

    def paragraph(self, least: int = 2, most: int = 6) -> str:
        return " ".join(self.sentence() for _ in range(self._rng.randint(least, most)))


def person(rng: Random) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def street(rng: Random) -> str:
    return f"{rng.choice(_STREETS)} {rng.choice(_KINDS)}"


def figure(rng: Random) -> str:
    """A number as tables show it."""
    kind = rng.randrange(4)
    if kind == 0:
        return f"{rng.randint(1000, 9_999_999):,}"
    if kind == 1:
        return f"{rng.randint(-9999, 99999) / 100:.2f}"
    if kind == 2:
        return f"{rng.randint(1, 999)}"
    return f"{rng.randint(100, 99999):,}.{rng.randint(0, 99):02d}"


def percent(rng: Random) -> str:
    return f"{rng.randint(1, 999) / 10:.1f}%"


def clock(rng: Random) -> str:
    return f"{rng.randint(7, 20):02d}:{rng.randrange(60):02d}"


def date(rng: Random) -> str:
    return f"{rng.randint(2023, 2026)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
