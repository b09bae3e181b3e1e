"""Writes data/places/country_names.txt: what countries are called, in the languages of the people who write them.

Run with the version named in the output:  pip install babel==2.19.0 && python3 generate/country_names.py
"""
import collections
import pathlib
import re
import unicodedata

import babel
from babel import Locale
from babel.core import get_global

LANGUAGES = """ar bg bn bs ca cs da de el en es et eu fa fi fil fr gl he hi hr hu hy id is it ja ka kk ko lt lv mk ms nb nl
nn pl pt pt_PT ro ru sk sl sq sr sr_Latn sv sw th tr uk ur uz vi zh zh_Hant""".split()
SOURCE = pathlib.Path(__file__).parent.parent / "src/country.rs"
OUT = pathlib.Path(__file__).parent.parent / "data/places/country_names.txt"
# What people write, and no list of names has. Parts of the United Kingdom are nations, and have its telephone numbers.
WRITTEN = {
    "AE": "UAE; U.A.E.; Emirates; The United Arab Emirates",
    "BA": "Bosnia",
    "BN": "Brunei Darussalam",
    "BO": "Plurinational State of Bolivia; Bolivia, Plurinational State of",
    "CD": "DR Congo; DRC",
    "CI": "Ivory Coast",
    "CN": "Mainland China; People's Republic of China; PRC",
    "CV": "Cabo Verde",
    "CZ": "Czech Republic",
    "DE": "BRD; Federal Republic of Germany",
    "FM": "Micronesia, Federated States of; Federated States of Micronesia",
    "GB": "UK; U.K.; Great Britain; Britain; England; Scotland; Wales; Northern Ireland; Inglaterra; Angleterre; Grossbritannien; "
    "United Kingdom of Great Britain and Northern Ireland",
    "IE": "Eire; Republic of Ireland; Irish Republic",
    "IR": "Islamic Republic of Iran; Iran, Islamic Republic of",
    "KP": "Democratic People's Republic of Korea; Korea, Democratic People's Republic of; DPRK",
    "KR": "Korea; Republic of Korea; Korea, Republic of",
    "LA": "Lao People's Democratic Republic; Lao PDR",
    "MD": "Republic of Moldova; Moldova, Republic of",
    "MK": "Macedonia; FYROM",
    "NL": "Holland; The Netherlands",
    "PH": "The Philippines",
    "PS": "Palestine; State of Palestine; Palestine, State of",
    "RU": "Russian Federation; The Russian Federation",
    "SY": "Syrian Arab Republic",
    "SZ": "Swaziland",
    "TR": "Turkey",
    "TW": "Taiwan, Province of China; Republic of China",
    "TZ": "United Republic of Tanzania; Tanzania, United Republic of",
    "US": "U.S.; U.S.A.; The United States; United States of America; The United States of America; America; "
    "Estados Unidos de América; EEUU; EE.UU.; E.U.A.",
    "VA": "Vatican; Holy See",
    "VE": "Bolivarian Republic of Venezuela; Venezuela, Bolivarian Republic of",
    "VN": "Viet Nam; Socialist Republic of Vietnam",
}
# Of two countries: Brazzaville's and Kinshasa's.
UNCLEAR = {"congo", "kongo"}
# As src/person/fold.rs.
LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "\u02bc": "", "\u02bb": ""}


def folded(name):
    """Letters and digits alone, small, without accents, and in the first of Japan's two syllabaries."""
    plain = "".join(LETTERS.get(c, c) for c in unicodedata.normalize("NFKD", name).lower())
    plain = "".join(c for c in plain if c.isalnum() and not unicodedata.combining(c))
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in plain)


def main():
    codes = set(re.search('const COUNTRIES: &str = "(.*?)";', SOURCE.read_text(), re.S)[1].replace("\\", " ").split())
    names = collections.defaultdict(set)
    for alias, of in get_global("territory_aliases").items():
        if re.fullmatch("[A-Z]{3}", alias) and len(of) == 1 and of[0] in codes:
            names[folded(alias)].add(of[0])
    for language in LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if code in codes:
                # "Myanmar (Burma)"; "Bosnia & Herzegovina"
                without = re.sub(r"\s*[(（].*?[)）]", "", name)
                for one in (name, without, name.replace("&", "and"), name.replace("St. ", "Saint ")):
                    names[folded(one)].add(code)
    for code, written in WRITTEN.items():
        for name in written.split("; "):
            names[folded(name)] = {code}
    by_code = collections.defaultdict(set)
    for name, of in names.items():
        # One name of two countries says neither; two letters are a code.
        if len(of) == 1 and (len(name) > 2 or not name.isascii() or name == "uk") and name not in UNCLEAR:
            by_code[next(iter(of))].add(name)
    head = [
        "# Written by ../../generate/country_names.py: do not edit.",
        f"# Countries by their names in {len(LANGUAGES)} languages and their codes of three letters, folded: CLDR (Unicode licence) as in",
        f"# PyPI babel {babel.__version__}.",
    ]
    rows = [f"{code} {' '.join(sorted(by_code[code]))}" for code in sorted(by_code)]
    OUT.write_text("\n".join(head + rows) + "\n", encoding="utf-8")


main()
