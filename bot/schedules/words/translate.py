"""One-time phrases in German, French and Spanish, word by word into the English that the own grammar reads.

Whatever has no counterpart stays as it is, so that the grammar stops there and nothing is skipped.
"""

import re
from functools import cache

DE = {
    "übermorgen": "day after tomorrow",
    "morgen früh": "tomorrow morning",
    "heute früh": "this morning",
    "heute morgen": "this morning",
    "heute nacht": "tonight",
    "morgens": "in the morning",
    "vormittags": "in the morning",
    "vormittag": "morning",
    "nachmittags": "in the afternoon",
    "nachmittag": "afternoon",
    "abends": "in the evening",
    "abend": "evening",
    "morgen": "tomorrow",
    "heute": "today",
    "gestern": "yesterday",
    "mittags": "noon",
    "mittag": "noon",
    "mitternacht": "midnight",
    "um": "at",
    "am": "on",
    "den": "",
    "der": "",
    "uhr": "o'clock",
    "einer halben stunde": "half an hour",
    "eine": "one",
    "einer": "one",
    "einem": "one",
    "und": "and",
    "kommenden": "coming",
    "diesen": "this",
    "nächsten": "next",
    "nächster": "next",
}
FR = {
    "après-demain": "day after tomorrow",
    "demain matin": "tomorrow morning",
    "demain soir": "tomorrow evening",
    "demain": "tomorrow",
    "aujourd'hui": "today",
    "aujourd’hui": "today",
    "hier": "yesterday",
    "ce soir": "this evening",
    "ce matin": "this morning",
    "cet après-midi": "this afternoon",
    "du matin": "in the morning",
    "du soir": "in the evening",
    "de l'après-midi": "in the afternoon",
    "midi": "noon",
    "minuit": "midnight",
    "à": "at",
    "vers": "around",
    "le": "on",
    "1er": "1st",
    "dans": "in",
    "une demi-heure": "half an hour",
    "une": "one",
    "un": "one",
    "et": "and",
}
ES = {
    "pasado mañana": "day after tomorrow",
    "de la mañana": "in the morning",
    "por la mañana": "morning",
    "de la tarde": "in the afternoon",
    "por la tarde": "afternoon",
    "de la noche": "in the evening",
    "esta noche": "this evening",
    "esta tarde": "this afternoon",
    "mañana": "tomorrow",
    "hoy": "today",
    "ayer": "yesterday",
    "al mediodía": "noon",
    "mediodía": "noon",
    "a medianoche": "midnight",
    "medianoche": "midnight",
    "a las": "at",
    "a la": "at",
    "las": "at",
    "el": "on",
    "de": "of",
    "dentro de": "in",
    "en": "in",
    "media hora": "half an hour",
    "una": "one",
    "un": "one",
    "y media": ":30",
    "y": "and",
    "próximo": "next",
    "este": "this",
}
NAMES = {
    "de": (
        "montag dienstag mittwoch donnerstag freitag samstag sonntag",
        "januar februar märz april mai juni juli august september oktober november dezember",
        "sekunde minute stunde tag woche monat jahr|sekunden minuten stunden tage wochen monate jahre|"
        "sekunden minuten stunden tagen wochen monaten jahren",
        "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    ),
    "fr": (
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "seconde minute heure jour semaine mois an|secondes minutes heures jours semaines mois ans",
        "deux trois quatre cinq six sept huit neuf dix onze douze",
    ),
    "es": (
        "lunes martes miércoles jueves viernes sábado domingo",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "segundo minuto hora día semana mes año|segundos minutos horas días semanas meses años",
        "dos tres cuatro cinco seis siete ocho nueve diez once doce",
    ),
}
ENGLISH = (
    "monday tuesday wednesday thursday friday saturday sunday",
    "january february march april may june july august september october november december",
    "second minute hour day week month year",
    "two three four five six seven eight nine ten eleven twelve",
)
WORDS = {"de": DE, "fr": FR, "es": ES}
TRANSLATED = tuple(WORDS)
MONTHS = ENGLISH[1].split()
DAY_FIRST = re.compile(r"(?<![\d./-])(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?![\d./-])", re.ASCII)
DOTTED = re.compile(r"(?<![\d.])(\d{1,2})\.\s?(\d{1,2})\.(?=\s|$)", re.ASCII)
GERMAN_DAY = re.compile(r"\b(\d{1,2})\.(?=\s*[^\W\d])", re.ASCII)
HOURS = re.compile(r"\b(\d{1,2})\s?(?:h|uhr)\s?(\d{2})?\b(?!:)", re.ASCII | re.IGNORECASE)
NEXT_BEHIND = re.compile(r"\b([a-z]+day) (?:prochain|que viene|próximo)\b")


def translate(phrase: str, lang: str) -> str:
    """The phrase in English; the same text for a language that is not known here, and for what is not."""
    lang = lang[:2].lower()
    if lang not in WORDS:
        return phrase
    text = DAY_FIRST.sub(_write_iso, " ".join(phrase.lower().split()))
    if lang == "de":
        text = GERMAN_DAY.sub(r"\1", DOTTED.sub(_write_day, text))
    if lang != "es":
        text = HOURS.sub(lambda match: f"{match[1]}:{match[2] or '00'}", text)
    table = _table(lang)
    text = _pattern(lang).sub(lambda match: table[match[0]], text).replace(" :30", ":30")
    return " ".join(NEXT_BEHIND.sub(r"next \1", text).split())


def _write_iso(match: re.Match[str]) -> str:
    """The day comes first in these languages."""
    return f"{match[4]}-{match[3].zfill(2)}-{match[1].zfill(2)}"


def _write_day(match: re.Match[str]) -> str:
    month = int(match[2])
    return f"{match[1]} {MONTHS[month - 1]}" if 1 <= month <= 12 else match[0]


@cache
def _table(lang: str) -> dict[str, str]:
    table = dict(WORDS[lang])
    for local, english in zip(NAMES[lang], ENGLISH, strict=True):
        for form in local.split("|"):
            table.update(zip(form.split(), english.split(), strict=True))
    return table


@cache
def _pattern(lang: str) -> re.Pattern[str]:
    longest_first = sorted(_table(lang), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
