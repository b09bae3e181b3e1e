#!/usr/bin/env python3
"""Writes places/*.txt: where a phone number, a postal code or a country may be, and whose clock counts there.

    python3 -m venv /tmp/places && /tmp/places/bin/pip install -r requirements.txt
    /tmp/places/bin/python generate.py          # in this folder

README.md names the sources, their dates and licences. Rules that hold for all tables: a row names every zone that somebody
there *may* keep, one name for zones that keep the same clock from FROM on; what says nothing about a place has no row.
"""

import collections
import datetime
import importlib.metadata
import importlib.resources
import pathlib
import random
import zoneinfo

import phonenumbers
import zipcodes
from phonenumbers.geodata import GEOCODE_DATA
from phonenumbers.tzdata import TIMEZONE_DATA

# The zone files of the pinned package, never those of the machine.
zoneinfo.reset_tzpath([])
OUT = pathlib.Path(__file__).parent / "places"
# Zones keep "the same clock" where they show the same time in all these years. Some of them are past: zones that a new
# law has just joined must not take each other's names, or a process with older zone files would be an hour wrong.
FROM, TO = 2021, 2039
# A zone counts for an area code where so many of its state's ZIP codes there keep it: fewer are a neighbour's exchange.
ENOUGH = 0.05
US_TERRITORIES = ("AS", "GU", "MP", "PR", "VI")
MILITARY = ("AA", "AE", "AP")
# Freely associated states: they have US postal codes and are countries of their own.
COMPACT_STATES = ("FM", "MH", "PW")

# Most people first: the first zone is the clock and calendar that is shown where several may count.
FIRST = dict(
    AU="Australia/Sydney", BR="America/Sao_Paulo", CA="America/Toronto", CD="Africa/Kinshasa", CL="America/Santiago",
    CN="Asia/Shanghai", EC="America/Guayaquil", ES="Europe/Madrid", FM="Pacific/Pohnpei", GL="America/Nuuk",
    ID="Asia/Jakarta", KI="Pacific/Tarawa", KZ="Asia/Almaty", MN="Asia/Ulaanbaatar", MX="America/Mexico_City",
    NZ="Pacific/Auckland", PF="Pacific/Tahiti", PG="Pacific/Port_Moresby", PT="Europe/Lisbon", RU="Europe/Moscow",
    UA="Europe/Kyiv", US="America/New_York",
)  # fmt: skip
# Of zones with one clock, the name that people know.
KNOWN = {
    "America/Manaus", "America/Rio_Branco", "America/Whitehorse", "America/Vancouver", "America/Edmonton",
    "America/Argentina/Buenos_Aires", "Australia/Brisbane", "Australia/Adelaide", "Asia/Krasnoyarsk", "Asia/Yakutsk", "Asia/Vladivostok",
}  # fmt: skip
# Nobody lives on Macquarie; Crimea has Russian numbers; China's time is that of Beijing by law.
LEFT_OUT = {("AU", "Antarctica/Macquarie"), ("UA", "Europe/Simferopol"), ("CN", "Asia/Urumqi")}

# tz database, file `northamerica`: places that keep Mountain Time though their county keeps Pacific Time, by law (West
# Wendover since 1999) or by custom.
NEVADA_MOUNTAIN = ("89825", "89826", "89831", "89832", "89883")
# The Navajo Nation keeps summer time, the rest of Arizona (and the Hopi within it) does not; postal codes lie across.
NAVAJO = ("860", "865")

# Canada Post: what the first letter of a code stands for; zones as in zone.tab's comments. X is two territories.
CANADA = [
    ("A", "NL", "America/St_Johns America/Halifax"),
    ("B", "NS", "America/Halifax"),
    ("C", "PE", "America/Halifax"),
    ("E", "NB", "America/Halifax"),
    ("G", "QC", "America/Toronto America/Halifax"),
    ("H", "QC", "America/Toronto"),
    ("J", "QC", "America/Toronto"),
    ("K", "ON", "America/Toronto"),
    ("L", "ON", "America/Toronto"),
    ("M", "ON", "America/Toronto"),
    ("N", "ON", "America/Toronto"),
    ("P", "ON", "America/Toronto America/Winnipeg"),
    ("R", "MB", "America/Winnipeg"),
    ("S", "SK", "America/Regina America/Edmonton"),
    ("T", "AB", "America/Edmonton"),
    ("V", "BC", "America/Vancouver America/Edmonton America/Fort_Nelson"),
    ("X", "NT", "America/Edmonton"),
    ("X", "NU", "America/Toronto America/Winnipeg America/Edmonton"),
    ("Y", "YT", "America/Whitehorse"),
]

NAMES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO",
    "Connecticut": "CT", "Delaware": "DE", "Florida": "FL", "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID",
    "Illinois": "IL", "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA", "Maine": "ME",
    "Maryland": "MD", "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN", "Mississippi": "MS",
    "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH", "New Jersey": "NJ",
    "New Mexico": "NM", "New York": "NY", "North Carolina": "NC", "North Dakota": "ND", "Ohio": "OH", "Oklahoma": "OK",
    "Oregon": "OR", "Pennsylvania": "PA", "Rhode Island": "RI", "South Carolina": "SC", "South Dakota": "SD",
    "Tennessee": "TN", "Texas": "TX", "Utah": "UT", "Vermont": "VT", "Virginia": "VA", "Washington D.C.": "DC",
    "Washington State": "WA", "West Virginia": "WV", "Wisconsin": "WI", "Wyoming": "WY", "Alberta": "CA-AB",
    "British Colombia": "CA-BC", "British Columbia": "CA-BC", "Manitoba": "CA-MB", "New Brunswick": "CA-NB",
    "Newfoundland and Labrador": "CA-NL", "Northwest Territories": "CA-NT", "Nova Scotia": "CA-NS", "Nunavut": "CA-NU",
    "Ontario": "CA-ON", "Prince Edward Island": "CA-PE", "Quebec": "CA-QC", "Saskatchewan": "CA-SK", "Yukon": "CA-YT",
}  # fmt: skip
# Australia Post's ranges of postcodes by state and territory, and those that lie in two of them: the state of an address without one is
# not certain there. 2880 keeps the time of Adelaide around Broken Hill alone, 6443 that of Eucla in its east.
AUSTRALIA = [
    ("0200-0299", "AU", "Sydney"), ("0800-0871", "AU", "Darwin"), ("0872-0872", "AU", "Darwin Adelaide Perth"),
    ("0873-0999", "AU", "Darwin"), ("1000-2405", "AU", "Sydney"), ("2406-2406", "AU", "Sydney Brisbane"),
    ("2407-2879", "AU", "Sydney"), ("2880-2880", "AU", "Adelaide Sydney"), ("2881-2897", "AU", "Sydney"),
    ("2898-2898", "AU", "Lord_Howe"), ("2899-2899", "NF", "Pacific/Norfolk"), ("2900-2999", "AU", "Sydney"),
    ("3000-3999", "AU", "Melbourne"), ("4000-4374", "AU", "Brisbane"), ("4375-4385", "AU", "Brisbane Sydney"),
    ("4386-4824", "AU", "Brisbane"), ("4825-4825", "AU", "Brisbane Darwin"), ("4826-4999", "AU", "Brisbane"),
    ("5000-5999", "AU", "Adelaide"), ("6000-6442", "AU", "Perth"), ("6443-6443", "AU", "Perth Eucla"),
    ("6444-6797", "AU", "Perth"), ("6798-6798", "CX", "Indian/Christmas"), ("6799-6799", "CC", "Indian/Cocos"),
    ("6800-6999", "AU", "Perth"), ("7000-7999", "AU", "Hobart"), ("8000-8999", "AU", "Melbourne"),
    ("9000-9999", "AU", "Brisbane"),
]  # fmt: skip
PROVINCES = {"AB", "BC", "MB", "NB", "NL", "NT", "NS", "NU", "ON", "PE", "QC", "SK", "YT"}
STATES = {code for code in NAMES.values() if "-" not in code}


def clock(zone, known={}):
    """What the zone's clock shows over the years: equal for zones that keep the same time."""
    if zone not in known:
        info = zoneinfo.ZoneInfo(zone)
        days = (datetime.datetime(year, 1, 1, 12, tzinfo=datetime.UTC) for year in range(FROM, TO))
        shown = (info.utcoffset(first + datetime.timedelta(days=day)) for first in days for day in range(366))
        known[zone] = tuple(shown)
    return known[zone]


def zone_tab():
    """The zones of each country, one for each clock."""
    countries = collections.defaultdict(list)
    text = importlib.resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text()
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            if (country, zone) not in LEFT_OUT:
                countries[country].append(zone)
    for country, zones in countries.items():
        zones.sort(key=lambda zone: (zone != FIRST.get(country), zone not in KNOWN))
    countries["XK"] = ["Europe/Belgrade"]
    return {country: one_each(zones) for country, zones in sorted(countries.items())}, dict(countries)


def one_each(zones):
    kept = []
    for zone in zones:
        if all(clock(zone) != clock(other) for other in kept):
            kept.append(zone)
    return kept


COUNTRIES, EVERY_ZONE = zone_tab()


def of_country(zone, country):
    """The country's own name for a clock. The map of phones writes old names, and here and there a neighbour's zone."""
    own = COUNTRIES[country]
    same = [other for other in own if clock(other) == clock(zone)]
    if same or zone in EVERY_ZONE[country]:
        return same[0]
    winter = [other for other in own if clock(other)[0] == clock(zone)[0]]
    return winter[0] if winter else own[0] if len(own) == 1 else zone


def in_order(zones, country):
    own = COUNTRIES[country]
    return sorted(set(zones), key=lambda zone: (own.index(zone) if zone in own else len(own), zone))


# --- ZIP codes


def zip_zones():
    """The state and the zone of each ZIP code that somebody may live at."""
    found = {}
    for row in zipcodes.list_all():
        code, state, zone = row["zip_code"], row["state"], row["timezone"]
        if state in MILITARY or "/" not in zone:
            continue
        zones = {us_zone(zone, state)}
        if code in NEVADA_MOUNTAIN:
            zones = {"America/Los_Angeles", "America/Denver"}
        if code[:3] in NAVAJO:
            zones = {"America/Phoenix", "America/Denver"}
        found[code] = (state if state in COMPACT_STATES else f"US-{state}", zones)
    return found


def us_zone(zone, state):
    return of_country(zone, state if state in US_TERRITORIES + COMPACT_STATES else "US")


def zip_rows(codes):
    """Runs of codes with one state and the same zones; codes that nobody has lie in a run where both sides agree."""
    runs = []
    for code, (state, zones) in sorted(codes.items()):
        value = (state, " ".join(in_order(zones, state[3:] if state[3:] in US_TERRITORIES else "US")))
        if runs and runs[-1][2] == value and code[:3] == runs[-1][0][:3]:
            runs[-1][1] = code
        else:
            runs.append([code, code, value])
    return [f"{first}-{last} {state} {zones}" for first, last, (state, zones) in runs]


def australian_rows():
    """Each range with its zones, by the country's own name for a clock; the first is that of most of its people."""
    for codes, country, names in AUSTRALIA:
        zones = [name if "/" in name else f"Australia/{name}" for name in names.split()]
        yield f"{codes} {country} {' '.join(one_each([of_country(zone, country) for zone in zones]))}"


# --- phones


NAMED = 1_000_000
# Overlays of an area of two zones, and areas of two provinces or more: the map of phones names one zone of them.
WHOLE_PROVINCES = ("BC", "NT", "NU", "YT", "NL")
WHOLE_AREAS = ("1367", "1418", "1581", "1807")


def north_america(codes):
    """Area codes, each whole: a mobile number moves within its area. No row for codes of no place (toll-free, personal)."""
    zones, regions = collections.defaultdict(set), collections.defaultdict(collections.Counter)
    for prefix, names in TIMEZONE_DATA.items():
        if prefix.startswith("1") and len(prefix) >= 4:
            zones[prefix[:4]].update(names)
    for prefix, words in GEOCODE_DATA.items():
        if prefix.startswith("1") and len(prefix) >= 4 and "en" in words:
            for name in words["en"].split("/"):
                state = NAMES.get(name) or name.rpartition(", ")[2]
                state = f"CA-{state}" if state in PROVINCES else f"US-{state}" if state in STATES else state
                if "-" in state:
                    # The name of the code itself says it; of its exchanges, most do: a few are written for a neighbour.
                    exchanges = regions[prefix[:4]]
                    exchanges[state] = NAMED if len(prefix) == 4 or exchanges[state] == NAMED else exchanges[state] + 1
    by_zip = collections.defaultdict(collections.Counter)
    of_state = collections.defaultdict(set)
    for row in zipcodes.list_all():
        state, own = codes.get(row["zip_code"], (None, ()))
        of_state[state] |= set(own)
        for area in row["area_codes"]:
            by_zip[f"1{area}", state].update(own)
    for prefix in sorted(zones):
        country = phonenumbers.region_code_for_number(phonenumbers.PhoneNumber(1, int(prefix[1:] + "2345678")))
        country = country or country_of_area(prefix)
        if country in US_TERRITORIES:
            yield prefix, [f"US-{country}"], in_order({of_country(zone, country) for zone in zones[prefix]}, country)
        elif country not in ("US", "CA", None):
            yield prefix, [country], in_order({of_country(zone, country) for zone in zones[prefix]}, country)
        elif regions[prefix]:
            most = max(regions[prefix].values())
            names = sorted(name for name, count in regions[prefix].items() if count == most)
            country = names[0][:2]
            mapped = {of_country(zone, country) for zone in zones[prefix]}
            found = set().union(*(of_area(prefix, name, mapped, by_zip[prefix, name], of_state[name]) for name in names))
            yield prefix, names, by_people(one_each(in_order(found, country)), names[0], by_zip[prefix, names[0]])


def of_area(prefix, name, mapped, by_zip, of_state):
    """The zones of an area code in one of its states or provinces."""
    if name.startswith("CA-"):
        own = [of_country(zone, "CA") for _, province, zones in CANADA if name == f"CA-{province}" for zone in zones.split()]
        whole = name[3:] in WHOLE_PROVINCES and prefix != "1604" or prefix in WHOLE_AREAS or len(own) == 1
        return set(own) if whole else mapped & set(own) or {own[0]}
    enough = {zone for zone, count in by_zip.items() if count >= ENOUGH * by_zip.total()}
    # Where the map knows no exchange of the code, its one zone is a guess that nobody of the state may keep (689).
    is_guess = len(mapped) == 1 and by_zip and not mapped & set(by_zip)
    return enough | (set() if is_guess else mapped & of_state) or mapped


def by_people(zones, name, by_zip):
    """The zone of most people first: in Canada as in the table above, else that of most ZIP codes."""
    canadian = " ".join(own for _, province, own in CANADA if name == f"CA-{province}").split()
    own = canadian or [zone for zone, _ in by_zip.most_common()]
    return sorted(zones, key=lambda zone: own.index(zone) if zone in own else len(own))


def country_of_area(prefix):
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1]:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
        if metadata.leading_digits and phonenumbers.re.match(metadata.leading_digits, prefix[1:]):
            return region
    return None


def country_code(prefix):
    return next(int(prefix[:n]) for n in (1, 2, 3) if int(prefix[:n]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def kinds(prefix, code, chance=random.Random(1)):
    """What kinds of numbers begin so, and in which countries."""
    national = prefix[len(str(code)) :]
    found = collections.Counter()
    for _ in range(600):
        length = chance.randint(7, 11)
        if length > len(national):
            rest = "".join(chance.choice("0123456789") for _ in range(length - len(national)))
            text = national + rest
            number = phonenumbers.PhoneNumber(code, int(text), italian_leading_zero=text.startswith("0") or None)
            if phonenumbers.is_valid_number(number):
                kind = phonenumbers.number_type(number)
                found[(phonenumbers.region_code_for_number(number), kind)] += 1
    return found


MOBILE = phonenumbers.PhoneNumberType.MOBILE
# Their mobile numbers begin with the area's code.
MOBILES_OF_A_PLACE = (52, 55, 54)


def elsewhere():
    """Every country but those of the North American plan: the longest row that a number begins with counts."""
    for prefix, names in TIMEZONE_DATA.items():
        if prefix.startswith("1"):
            continue
        code = country_code(prefix)
        main = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code][0]
        if main == "001" or main not in COUNTRIES:
            continue
        found = kinds(prefix, code)
        regions = collections.Counter()
        for (region, _), count in found.items():
            regions[region] += count
        country = main if prefix == str(code) or not regions else regions.most_common(1)[0][0]
        country = country if country in COUNTRIES else main
        mobile = sum(count for (_, kind), count in found.items() if kind == MOBILE)
        is_mobile = mobile * 2 > sum(found.values()) and code not in MOBILES_OF_A_PLACE
        if prefix == str(code) or is_mobile:
            # A mobile number says which country and no more, unless the map knows better than "the country".
            zones = COUNTRIES[country]
        else:
            zones = {of_country(zone, country) for zone in names}
            zones |= chihuahua(prefix)
        yield prefix, [country], one_each(in_order(zones, country))
    yield "76", ["KZ"], COUNTRIES["KZ"]


def chihuahua(prefix):
    """The state moved from Mountain to Central Time in 2022, which the map of phones has not noticed."""
    if not prefix.startswith("526"):
        return set()
    names = [words.get("en", "") for key, words in GEOCODE_DATA.items() if key.startswith(prefix) or prefix.startswith(key)]
    return {of_country("America/Chihuahua", "MX")} if any("CHIH" in name or "Chihuahua" in name for name in names) else set()


def phone_rows(codes):
    rows = {prefix: (" ".join(regions), " ".join(zones)) for prefix, regions, zones in (*north_america(codes), *elsewhere())}
    for prefix in sorted(rows, key=len, reverse=True):
        above = next((prefix[:n] for n in range(len(prefix) - 1, 0, -1) if prefix[:n] in rows), None)
        if above and rows[above] == rows[prefix]:
            del rows[prefix]
    return [f"{prefix};{regions};{zones}" for prefix, (regions, zones) in sorted(rows.items())]


def zone_rows():
    """Old names are links: to a zone of the same country, mostly under its newest name."""
    of_zone = {zone: country for country, zones in EVERY_ZONE.items() for zone in zones}
    lines = importlib.resources.files("tzdata").joinpath("zoneinfo/tzdata.zi").read_text().splitlines()
    links = dict(reversed(line.split()[1:3]) for line in lines if line.startswith("L "))
    for name in list(links):
        target = links[name]
        of_zone.setdefault(name, of_zone.get(target, of_zone.get(links.get(target))))
    # Clocks of a whole continent, linked to one country of it.
    nowhere = {"CET", "EET", "EST", "MET", "WET"}
    return [f"{name} {country}" for name, country in sorted(of_zone.items()) if country and name not in nowhere]


def write(name, said, rows):
    (OUT / name).write_text("".join(f"# {line}\n" for line in said) + "\n".join(rows) + "\n")
    print(name, len(rows), "rows", (OUT / name).stat().st_size, "bytes")


def main():
    OUT.mkdir(exist_ok=True)
    version = importlib.metadata.version
    tz = importlib.resources.files("tzdata").joinpath("zoneinfo/tzdata.zi").read_text().split()[2]
    codes = zip_zones()
    made = "Written by ../generate.py: do not edit."
    write(
        "countries.txt",
        [made, f"Country and the zones of its people, from zone.tab of the tz database {tz} (public domain)."],
        [f"{country} {' '.join(zones)}" for country, zones in COUNTRIES.items()],
    )
    write(
        "phones.txt",
        [made, f"E.164 prefix; regions; zones. libphonenumber's maps of zones and places (phonenumbers {version('phonenumbers')},",
         f"Apache-2.0), area codes of ZIP codes (zipcodes {version('zipcodes')}, MIT), tz database {tz}."],
        phone_rows(codes),
    )  # fmt: skip
    write(
        "zips.txt",
        [made, f"ZIP codes, state, zones. zipcodes {version('zipcodes')} (MIT), tz database {tz}."],
        zip_rows(codes),
    )
    write(
        "zones.txt",
        [made, f"Every zone's name, old ones too, and the country whose people keep it. tz database {tz}, zone.tab and links."],
        zone_rows(),
    )
    write(
        "canada.txt",
        [made, "First letter of a Canadian postal code, province, zones. Canada Post; zone.tab."],
        [
            f"{letter} CA-{province} {' '.join(one_each(of_country(zone, 'CA') for zone in zones.split()))}"
            for letter, province, zones in CANADA
        ],
    )
    write(
        "australia.txt",
        [made, "Australian postcodes, country, zones. Australia Post; zone.tab."],
        list(australian_rows()),
    )


main()
