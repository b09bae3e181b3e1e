"""Writes tests/corpus/phone_verdicts.txt: what Google's libphonenumber says of numbers of every region, in every usual way of
writing them, read at home and at a source of another country.

Google's library by its Python port, which follows it release by release:
    pip install phonenumbers==9.0.42 && python3 generate/phone_verdicts.py

A line is a region, a number as it is written, and the verdict: the number in E.164, with `?` where its length is possible and
its range is not, or `-` where it is none. Where the region begins with `@` the number was read at a source of that region and
is another country's, written with +.
"""
import phonenumbers as p

FORMATS = [
    p.PhoneNumberFormat.E164,
    p.PhoneNumberFormat.INTERNATIONAL,
    p.PhoneNumberFormat.NATIONAL,
    p.PhoneNumberFormat.RFC3966,
]
TYPES = [p.PhoneNumberType.FIXED_LINE, p.PhoneNumberType.MOBILE, p.PhoneNumberType.TOLL_FREE]
AWAY = ["US", "RU", "DE"]


def verdict(text, region):
    try:
        number = p.parse(text, region)
    except p.NumberParseException:
        return "-"
    e164 = p.format_number(number, p.PhoneNumberFormat.E164)
    if p.is_valid_number(number):
        return e164
    return e164 + "?" if p.is_possible_number_with_reason(number) == p.ValidationResult.IS_POSSIBLE else "-"


def spellings(number):
    for form in FORMATS:
        yield p.format_number(number, form), False
    international = p.format_number(number, p.PhoneNumberFormat.INTERNATIONAL)
    code, rest = international.split(" ", 1) if " " in international else (international, "")
    if rest:
        yield f"{code} (0){rest}", True
        yield f"{code}.{rest.replace(' ', '.').replace('-', '.')}", True
    national = p.format_number(number, p.PhoneNumberFormat.NATIONAL)
    yield national.replace(" ", "-"), False
    yield "".join(c for c in national if c.isdigit()), False
    # One digit too few and one too many.
    e164 = p.format_number(number, p.PhoneNumberFormat.E164)
    yield e164[:-1], True
    yield e164 + "0", True


lines = []
for region in sorted(p.SUPPORTED_REGIONS):
    for kind in TYPES:
        number = p.example_number_for_type(region, kind)
        if number is None:
            continue
        seen = set()
        for text, is_international in spellings(number):
            if text in seen:
                continue
            seen.add(text)
            lines.append((region, text, verdict(text, region)))
        for away in AWAY:
            e164 = p.format_number(number, p.PhoneNumberFormat.INTERNATIONAL)
            if p.region_code_for_number(number) != away:
                lines.append(("@" + away, e164, verdict(e164, away)))

with open("tests/corpus/phone_verdicts.txt", "w") as out:
    out.write(f"# libphonenumber {p.__version__}, by generate/phone_verdicts.py\n")
    for region, text, said in lines:
        out.write(f"{region}\t{text}\t{said}\n")
print(len(lines))
