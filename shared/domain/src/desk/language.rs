//! What the desk calls languages.

use std::collections::BTreeSet;

const NAMES: [(&str, &str); 24] = [
    ("ar", "Arabic"),
    ("cs", "Czech"),
    ("da", "Danish"),
    ("de", "German"),
    ("en", "English"),
    ("es", "Spanish"),
    ("fa", "Persian"),
    ("fi", "Finnish"),
    ("fr", "French"),
    ("he", "Hebrew"),
    ("hi", "Hindi"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("ko", "Korean"),
    ("nl", "Dutch"),
    ("no", "Norwegian"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("ru", "Russian"),
    ("sv", "Swedish"),
    ("tr", "Turkish"),
    ("uk", "Ukrainian"),
    ("vi", "Vietnamese"),
    ("zh", "Chinese"),
];

/// ISO 639-1, and `mo` and `sh`, which lists still have.
const CODES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el \
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg \
    ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr \
    nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti \
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// ISO 639-2 and 639-3 of languages that have a code of two letters, by which people and agents are compared.
const SHORTER: &str = "aar:aa abk:ab afr:af aka:ak alb:sq amh:am ara:ar arb:ar arg:an arm:hy asm:as ava:av ave:ae \
    aym:ay aze:az bak:ba bam:bm baq:eu bel:be ben:bn bis:bi bod:bo bos:bs bre:br bul:bg bur:my cat:ca ces:cs cha:ch \
    che:ce chi:zh chu:cu chv:cv cmn:zh cor:kw cos:co cre:cr cym:cy cze:cs dan:da deu:de div:dv dut:nl dzo:dz ell:el \
    eng:en epo:eo est:et eus:eu ewe:ee fao:fo fas:fa fij:fj fin:fi fra:fr fre:fr fry:fy ful:ff geo:ka ger:de gla:gd \
    gle:ga glg:gl glv:gv gre:el grn:gn guj:gu hat:ht hau:ha hbs:sh heb:he her:hz hin:hi hmo:ho hrv:hr hun:hu hye:hy \
    ibo:ig ice:is ido:io iii:ii iku:iu ile:ie ina:ia ind:id ipk:ik isl:is ita:it jav:jv jpn:ja kal:kl kan:kn kas:ks \
    kat:ka kau:kr kaz:kk khm:km kik:ki kin:rw kir:ky kom:kv kon:kg kor:ko kua:kj kur:ku lao:lo lat:la lav:lv lim:li \
    lin:ln lit:lt ltz:lb lub:lu lug:lg mac:mk mah:mh mal:ml mao:mi mar:mr may:ms mkd:mk mlg:mg mlt:mt mon:mn mri:mi \
    msa:ms mya:my nau:na nav:nv nbl:nr nde:nd ndo:ng nep:ne nld:nl nno:nn nob:nb nor:no nya:ny oci:oc oji:oj ori:or \
    orm:om oss:os pan:pa per:fa pes:fa pli:pi pol:pl por:pt pus:ps que:qu roh:rm ron:ro rum:ro run:rn rus:ru sag:sg \
    san:sa sin:si slk:sk slo:sk slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st spa:es sqi:sq srd:sc srp:sr ssw:ss \
    sun:su swa:sw swe:sv tah:ty tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th tib:bo tir:ti ton:to tsn:tn tso:ts tuk:tk \
    tur:tr twi:tw uig:ug ukr:uk urd:ur uzb:uz ven:ve vie:vi vol:vo wel:cy wln:wa wol:wo xho:xh yid:yi yor:yo zha:za \
    zho:zh zul:zu";

/// ISO 639-2 of languages without one, and of 639-3 those that are asked for.
const THREE_LETTERS: &str = "ace ach ada ady ain ale alt anp arn arp arw ast awa bal ban bas bej bem bho bik bin bla \
    bra bua bug byn cad car ceb chk chm chn cho chp chr chy ckb cnr crh csb dak dar del den dgr din doi dsb dua dyu \
    efi eka ewo fan fat fil fon frr frs fur gaa gay gba gil gon gor grb gsw gwi hai hak haw hil hmn hsb hup iba ilo \
    inh jpr jrb kaa kab kac kam kbd kha kmb kmr kok kos kpe krc krl kru kum kut lad lah lam lez lol loz lua lun luo \
    lus mad mag mai mak man mas mdf mdr men mic min mnc mni moh mos mus mwl mwr myv nan nap nds new nia niu nog nqo \
    nso nym nyn nyo nzi osa pag pam pap pau pon prs raj rap rar rom rup sad sah sas sat scn sco sel shn sid sma smj \
    smn sms snk srn srr suk sus syr tem ter tet tig tiv tkl tli tmh tog tpi tsi tum tvl tyv udm umb vai vot wal war \
    was wuu xal yao yap yue zap zen zgh zun zza";

/// In English, as the desk's words are; the tag itself where it is none of these.
#[must_use]
pub fn language_name(tag: &str) -> String {
    let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag));
    known.map_or_else(|| tag.to_owned(), |(_, name)| (*name).to_owned())
}

/// The tag of a language as people write it: its code, with a region or without, in small letters, or its English name. Where it has a
/// code of two letters, that one: `eng` and `en` are compared letter by letter, and nobody would speak both.
#[must_use]
pub fn language_written(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some((code, _)) = NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)) {
        return Some((*code).to_owned());
    }
    let tag = text.to_lowercase();
    let (code, rest) = tag.split_once('-').unwrap_or((&tag, "x"));
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_of = |codes: &str| codes.split_ascii_whitespace().any(|known| known == code);
    let shorter = SHORTER.split_ascii_whitespace().filter_map(|pair| pair.split_once(':'));
    let short = shorter.filter(|(long, _)| *long == code).map(|(_, short)| short).next();
    let is_code = short.is_some() || is_of(CODES) || is_of(THREE_LETTERS);
    let written = short.map_or_else(|| tag.clone(), |short| tag.replacen(code, short, 1));
    (tag.len() <= 35 && is_code && rest.split('-').all(is_part)).then_some(written)
}

/// The language of a tag as forms, phones and programs write it (`es-MX`, `en_US`, `spa`): its code, of two letters where it has one.
/// None where it says no language that is known. The database reads the first part as `locale_language` does.
#[must_use]
pub fn language_of(tag: &str) -> Option<String> {
    let first = tag.split(['-', '_', ',', ';']).next().unwrap_or_default();
    language_written(first)
}

/// Every word for a language that is none of these, in small letters.
pub(super) fn unspoken(spoken: &[String]) -> Vec<String> {
    let spoken: BTreeSet<_> = spoken.iter().filter_map(|tag| language_of(tag)).collect();
    let names = NAMES.iter().map(|(code, name)| (*name, *code));
    let longer = SHORTER.split_ascii_whitespace().filter_map(|pair| pair.split_once(':'));
    let codes = CODES.split_ascii_whitespace().chain(THREE_LETTERS.split_ascii_whitespace());
    let words = names.chain(longer).chain(codes.map(|code| (code, code)));
    words.filter(|(_, code)| !spoken.contains(*code)).map(|(word, _)| word.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_its_english_name() {
        assert_eq!([language_name("es"), language_name("ES"), language_name("xx")], ["Spanish", "Spanish", "xx"]);
    }
    #[test]
    fn a_language_is_its_code_or_its_name_and_nothing_else() {
        let written = ["Spanish", "es", "es-MX", " EN ", "fil", "yue-HK"].map(language_written);
        assert_eq!(written.map(Option::unwrap), ["es", "es", "es-mx", "en", "fil", "yue-hk"]);
        for wrong in ["klingon", "xx", "es en", "en-", "", "e", "foo", "foo-US"] {
            assert_eq!(language_written(wrong), None, "{wrong:?}");
        }
    }
    #[test]
    fn a_tag_has_the_language_that_it_begins_with_however_it_is_written() {
        let read = |tag: &str| language_of(tag);
        for spanish in ["es", "spa", "es-MX", "spa-MX", "es_US", "ES;q=0.9", "es,en", " Spanish "] {
            assert_eq!(read(spanish).as_deref(), Some("es"), "{spanish}");
        }
        for none in ["", "-", "xx", "c", "klingon", "{{locale}}"] {
            assert_eq!(read(none), None, "{none}");
        }
        let words = unspoken(&["spa".to_owned(), "en-us".to_owned()]);
        let has = |word: &str| words.iter().any(|one| one == word);
        assert!(["de", "deu", "ger", "german", "fil"].into_iter().all(has));
        assert!(!["es", "spa", "spanish", "en", "eng", "xx"].into_iter().any(has));
    }
    #[test]
    fn a_code_of_three_letters_is_the_one_of_two_where_there_is_one() {
        let written = ["eng", "SPA", "deu", "ger", "spa-MX", "cmn-Hant-TW"].map(language_written);
        assert_eq!(written.map(Option::unwrap), ["en", "es", "de", "de", "es-mx", "zh-hant-tw"]);
        for short in SHORTER.split_ascii_whitespace().map(|pair| pair.split_once(':').unwrap().1) {
            assert_eq!(language_written(short).as_deref(), Some(short), "{short}");
        }
    }
}
