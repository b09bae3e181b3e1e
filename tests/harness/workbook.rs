//! Excel workbooks as small as they can be, from the XML of their rows: what a spreadsheet program would have saved.

use std::fmt::Write as _;

/// A sheet: its name, whether it is hidden, and the XML of its rows.
pub struct Sheet {
    pub name: &'static str,
    pub is_hidden: bool,
    pub rows: String,
}

/// Cell formats by number: 0 is general, 1 a date, 2 five digits with leading zeros, 3 a number behind a plus, 4 the same by a condition
/// that nobody can read.
const STYLES: &str = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<numFmts count="3"><numFmt numFmtId="164" formatCode="00000"/><numFmt numFmtId="165" formatCode="&quot;+&quot;0"/>
<numFmt numFmtId="166" formatCode="[&gt;some]&quot;+&quot;0;0"/></numFmts>
<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>
<cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs>
<cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="164" applyNumberFormat="1"/>
<xf numFmtId="165" applyNumberFormat="1"/><xf numFmtId="166" applyNumberFormat="1"/></cellXfs>
</styleSheet>"#;

/// A row of texts, numbers (`#1.5`), dates (`@46346`), padded numbers (`%501`), those behind a plus (`^49…`, `~49…`) and formulas without a stored value (`=A2`) on a line.
pub fn row(line: u32, cells: &[&str]) -> String {
    let mut xml = format!("<row r=\"{line}\">");
    for (column, cell) in ('A'..='Z').zip(cells) {
        let at = format!("{column}{line}");
        match (cell.get(..1), cell.get(1..)) {
            (Some("#"), Some(number)) => write!(xml, "<c r=\"{at}\"><v>{number}</v></c>"),
            (Some("@"), Some(date)) => write!(xml, "<c r=\"{at}\" s=\"1\"><v>{date}</v></c>"),
            (Some("%"), Some(number)) => write!(xml, "<c r=\"{at}\" s=\"2\"><v>{number}</v></c>"),
            (Some("^"), Some(number)) => write!(xml, "<c r=\"{at}\" s=\"3\"><v>{number}</v></c>"),
            (Some("~"), Some(number)) => write!(xml, "<c r=\"{at}\" s=\"4\"><v>{number}</v></c>"),
            (Some("="), Some(formula)) => write!(xml, "<c r=\"{at}\"><f>{formula}</f><v></v></c>"),
            (None, _) => Ok(()),
            _ => write!(xml, "<c r=\"{at}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>"),
        }
        .unwrap();
    }
    xml + "</row>"
}

/// A workbook's bytes.
pub fn workbook(sheets: &[Sheet]) -> Vec<u8> {
    let (mut list, mut relations, mut types) = (String::new(), String::new(), String::new());
    let mut parts = Vec::new();
    for (n, Sheet { name, is_hidden, rows }) in (1..).zip(sheets) {
        let state = if *is_hidden { " state=\"hidden\"" } else { "" };
        write!(list, "<sheet name=\"{name}\" sheetId=\"{n}\"{state} r:id=\"rId{n}\"/>").unwrap();
        write!(
            relations,
            "<Relationship Id=\"rId{n}\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>"
        )
        .unwrap();
        write!(types, "<Override PartName=\"/xl/worksheets/sheet{n}.xml\" ContentType=\"{MAIN}.worksheet+xml\"/>")
            .unwrap();
        let sheet = format!("<worksheet xmlns=\"{SPREADSHEET}\"><sheetData>{rows}</sheetData></worksheet>");
        parts.push((format!("xl/worksheets/sheet{n}.xml"), sheet));
    }
    let packages = "http://schemas.openxmlformats.org/package/2006";
    let book = format!("<workbook xmlns=\"{SPREADSHEET}\" xmlns:r=\"{OFFICE}\"><sheets>{list}</sheets></workbook>");
    let styles = format!("<Relationship Id=\"rId99\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/>");
    let root = format!("<Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/>");
    let types = format!(
        "<Types xmlns=\"{packages}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Override PartName=\"/xl/workbook.xml\" ContentType=\"{MAIN}.sheet.main+xml\"/>{types}</Types>"
    );
    let related = |inner: String| format!("<Relationships xmlns=\"{packages}/relationships\">{inner}</Relationships>");
    parts.extend([
        ("[Content_Types].xml".to_owned(), types),
        ("_rels/.rels".to_owned(), related(root)),
        ("xl/workbook.xml".to_owned(), book),
        ("xl/_rels/workbook.xml.rels".to_owned(), related(relations + &styles)),
        ("xl/styles.xml".to_owned(), STYLES.to_owned()),
    ]);
    zip(&parts)
}

const SPREADSHEET: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// A ZIP archive that compresses nothing (APPNOTE 4.3).
fn zip(parts: &[(String, String)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    let four = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let two = |number: usize| u16::try_from(number).unwrap().to_le_bytes();
    for (name, content) in parts {
        let offset = archive.len();
        let mut about = Vec::new();
        // Version, flags, method, time, date; then sum, sizes, lengths of the name and of what is extra.
        about.extend([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0]);
        about.extend(crc(content.as_bytes()).to_le_bytes());
        about.extend([four(content.len()), four(content.len())].concat());
        about.extend([two(name.len()), two(0)].concat());
        archive.extend(b"PK\x03\x04".iter().chain(&about).chain(name.as_bytes()).chain(content.as_bytes()));
        directory.extend(b"PK\x01\x02\x14\0".iter().chain(&about));
        directory.extend([0; 10]);
        directory.extend(four(offset));
        directory.extend(name.as_bytes());
    }
    let begins = archive.len();
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([two(parts.len()), two(parts.len())].concat());
    archive.extend([four(directory.len()), four(begins)].concat());
    archive.extend([0, 0]);
    archive
}

fn crc(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 };
        }
    }
    !sum
}
