"""Writes src/values/conventions.rs: which decimal mark and which order of a date countries and languages use, and where
the digits of each script begin.

Run with the versions named in the output:  pip install babel==2.19.0 && python3 generate/conventions.py
"""
import re
import unicodedata

import babel
from babel import Locale, localedata
from babel.core import get_global

LEAST_SHARE = 10  # of a territory's people, in per cent, for a language that is official there


def conventions(tag):
    """`.d`: a point for decimals, the day first. Marks of other scripts are folded before numbers are read."""
    locale = Locale.parse(tag)
    symbols = locale.number_symbols.get("latn") or next(iter(locale.number_symbols.values()))
    decimal = {".": ".", ",": ",", "٫": "."}.get(symbols["decimal"], "?")
    letters = re.sub("[^dMy]", "", re.sub("'[^']*'", "", locale.date_formats["short"].pattern).replace("r", "y"))
    return decimal + letters[:1].lower()


def agreed(found):
    marks, orders = {one[0] for one in found}, {one[1] for one in found}
    return (marks.pop() if len(marks) == 1 else "?") + (orders.pop() if len(orders) == 1 else "?")


def territories():
    known = set(localedata.locale_identifiers())
    for territory, languages in sorted(get_global("territory_languages").items()):
        if not re.fullmatch("[A-Z]{2}", territory):
            continue
        official = [
            language for language, facts in languages.items()
            if facts["official_status"] in ("official", "de_facto_official") and facts["population_percent"] >= LEAST_SHARE
        ]
        tags = [f"{language}_{territory}" for language in official]
        found = [conventions(tag) for tag in tags if tag in known]
        if found:
            yield territory, agreed(found)


def languages():
    for tag in sorted(localedata.locale_identifiers()):
        if re.fullmatch("[a-z]{2,3}", tag) and tag not in ("root",):
            yield tag, conventions(tag)


def regional(of_language):
    for tag in sorted(localedata.locale_identifiers()):
        if re.fullmatch("[a-z]{2,3}_[A-Z]{2}", tag):
            found = conventions(tag)
            if found != of_language.get(tag.split("_")[0]):
                yield tag.replace("_", "-"), found


def table(name, about, rows):
    words = [key + value for key, value in rows]
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > 110:
            lines.append(line)
            line = ""
        line += word + " "
    lines.append(line.rstrip())
    text = "\\\n    ".join(lines)
    return f"/// {about}\npub(super) const {name}: &str = \"\\\n    {text}\";\n"


zeros = [code for code in range(0x110000) if unicodedata.decimal(chr(code), None) == 0 and code != 0x30]
of_language = dict(languages())
with open("src/values/conventions.rs", "w") as out:
    out.write("//! Which decimal mark and which order of a date countries and languages use, and where the digits of scripts begin.\n")
    out.write("//!\n")
    out.write(f"//! Written by generate/conventions.py from Unicode CLDR as in Babel {babel.__version__}, and Unicode "
              f"{unicodedata.unidata_version}. Not edited by hand.\n//!\n")
    out.write("//! Each word is a name, then the decimal mark (`.` or `,`), then which of day, month and year comes first\n"
              "//! (`d`, `m`, `y`); `?` where the official languages of a country differ.\n\n")
    out.write(table("TERRITORIES", "By ISO 3166 alpha-2: what its official languages have in common.", territories()))
    out.write("\n")
    out.write(table("LANGUAGES", "By language.", of_language.items()))
    out.write("\n")
    out.write(table("REGIONAL", "By language and country, where they differ from the language's.", regional(of_language)))
    out.write("\n/// The zero of each script beside ASCII; nine more digits follow it.\n#[rustfmt::skip]\npub(super) const ZEROS: &[u32] = &[\n")
    for at in range(0, len(zeros), 12):
        out.write("    " + " ".join(f"0x{code:x}," for code in zeros[at:at + 12]) + "\n")
    out.write("];\n")
