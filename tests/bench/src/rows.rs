//! The rows that Ripen wrote for each lead, taken out of its database, to be written again by the floor.
//!
//! Columns are found in the catalogue, so that the floor follows the schema by itself.

use jiff_sqlx::Timestamp;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row as _, postgres::PgRow};
use uuid::Uuid;

/// Every table that a lead's way writes to, and how its rows (`t`) are reached from an arrival (`a`).
const TABLES: [(&str, &str); 16] = [
    ("arrival_seen", "join arrival_seen t on t.id = a.id"),
    (
        "identity",
        "join person_identity pi on pi.person_id = a.person_id
         join identity t on (t.client_id, t.kind, t.value) = (pi.client_id, pi.kind, pi.value)",
    ),
    ("person", "join person t on t.id = a.person_id"),
    ("person_identity", "join person_identity t on t.person_id = a.person_id"),
    ("lead", "join lead t on t.id = a.lead_id"),
    ("arrival", "join arrival t on t.id = a.id"),
    ("arrival_body", "join arrival_body t on t.arrival_id = a.id"),
    ("answer", "join answer t on t.lead_id = a.lead_id"),
    ("note", "join note t on t.lead_id = a.lead_id"),
    ("decision", "join decision t on t.lead_id = a.lead_id"),
    ("promise", "join promise t on t.lead_id = a.lead_id"),
    ("maturation", "join maturation t on t.lead_id = a.lead_id"),
    ("delivery", "join delivery t on t.lead_id = a.lead_id"),
    ("delivery_body", "join delivery d on d.lead_id = a.lead_id join delivery_body t on t.delivery_id = d.id"),
    ("attempt", "join delivery d on d.lead_id = a.lead_id join attempt t on t.delivery_id = d.id"),
    ("outcome", "join outcome t on t.lead_id = a.lead_id"),
];

/// Where a value goes through the wire as what it is, and the rest as text that PostgreSQL reads.
#[derive(Debug, Clone, Copy)]
enum Type {
    Uuid,
    Text,
    Integer,
    Bigint,
    Boolean,
    Bytes,
    Time,
    /// As text, to be read by PostgreSQL.
    Read,
}

#[derive(Debug, Clone)]
enum Cell {
    Uuid(Option<Uuid>),
    Text(Option<String>),
    Integer(Option<i32>),
    Bigint(Option<i64>),
    Boolean(Option<bool>),
    Bytes(Option<Vec<u8>>),
    Time(Option<Timestamp>),
}

/// One table's rows.
struct Table {
    name: &'static str,
    types: Vec<Type>,
    insert: String,
    /// By the lead's place.
    of_lead: Vec<Vec<Vec<Cell>>>,
}

/// All rows of all leads.
pub struct Rows {
    tables: Vec<Table>,
    /// For each lead a message body as long as the one that Ripen had.
    pub bodies: Vec<Vec<u8>>,
}

impl Rows {
    /// Reads them from the database of Ripen.
    pub async fn read(pool: &PgPool) -> Self {
        let bodies: Vec<(i64, String)> = sqlx::query_as(AssertSqlSafe(
            "select row_number() over (order by a.received_at, a.id) as place, a.submission::text || r.raw || repeat('.', 560)
             from arrival a join arrival_raw r on r.id = a.id order by 1",
        ))
        .fetch_all(pool)
        .await
        .expect("the arrivals can be read");
        let bodies: Vec<_> = bodies.into_iter().map(|(_, body)| body.into_bytes()).collect();
        let mut tables = Vec::new();
        for (name, join) in TABLES {
            tables.push(Table::read(pool, name, join, bodies.len()).await);
        }
        Self { tables, bodies }
    }

    /// How many rows there are in all.
    pub fn count(&self) -> usize {
        self.tables.iter().flat_map(|table| &table.of_lead).map(Vec::len).sum()
    }

    /// Tables with how many rows each has.
    pub fn summary(&self) -> String {
        let count = |table: &Table| table.of_lead.iter().map(Vec::len).sum::<usize>();
        let counts: Vec<_> = self.tables.iter().map(|table| format!("{} {}", table.name, count(table))).collect();
        counts.join(", ")
    }

    /// Writes the rows of these leads: a statement for each table.
    pub async fn write(&self, connection: &mut PgConnection, places: &[usize]) {
        for table in &self.tables {
            table.write(connection, places).await;
        }
    }
}

impl Table {
    async fn read(pool: &PgPool, name: &'static str, join: &str, leads: usize) -> Self {
        let columns: Vec<(String, String)> = sqlx::query_as(
            "select a.attname::text, format_type(a.atttypid, null) from pg_attribute a
             where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum",
        )
        .bind(name)
        .fetch_all(pool)
        .await
        .expect("the catalogue can be read");
        let types: Vec<_> = columns.iter().map(|(_, sql)| Type::of(sql)).collect();
        let mut table = Self { name, insert: insert(name, &columns, &types), types, of_lead: vec![Vec::new(); leads] };
        let shown: Vec<_> = columns
            .iter()
            .zip(&table.types)
            .map(|((column, _), r#type)| match r#type {
                Type::Read => format!("t.{column}::text"),
                _ => format!("t.{column}"),
            })
            .collect();
        let numbered = "select *, row_number() over (order by received_at, id) as place from arrival";
        let sql = format!("select a.place, {} from ({numbered}) a {join}", shown.join(", "));
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(pool).await.expect("the rows can be read") {
            let place: i64 = row.get(0);
            let cells = table.types.iter().enumerate().map(|(index, r#type)| r#type.cell(&row, index + 1)).collect();
            table.of_lead[usize::try_from(place - 1).expect("a place")].push(cells);
        }
        table
    }

    async fn write(&self, connection: &mut PgConnection, places: &[usize]) {
        let rows: Vec<_> = places.iter().flat_map(|place| &self.of_lead[*place]).collect();
        if rows.is_empty() {
            return;
        }
        let mut query = sqlx::query(AssertSqlSafe(self.insert.clone()));
        macro_rules! bind {
            ($kind:ident, $index:expr) => {{
                let take = |row: &&Vec<Cell>| match &row[$index] {
                    Cell::$kind(value) => value.clone(),
                    other => panic!("{other:?} in a column of another type"),
                };
                query = query.bind(rows.iter().map(take).collect::<Vec<_>>());
            }};
        }
        for (index, r#type) in self.types.iter().enumerate() {
            match r#type {
                Type::Uuid => bind!(Uuid, index),
                Type::Text | Type::Read => bind!(Text, index),
                Type::Integer => bind!(Integer, index),
                Type::Bigint => bind!(Bigint, index),
                Type::Boolean => bind!(Boolean, index),
                Type::Bytes => bind!(Bytes, index),
                Type::Time => bind!(Time, index),
            }
        }
        query.execute(connection).await.unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }
}

impl Type {
    fn of(sql: &str) -> Self {
        match sql {
            "uuid" => Self::Uuid,
            "text" => Self::Text,
            "integer" => Self::Integer,
            "bigint" => Self::Bigint,
            "boolean" => Self::Boolean,
            "bytea" => Self::Bytes,
            "timestamp with time zone" => Self::Time,
            _ => Self::Read,
        }
    }

    const fn array(self) -> &'static str {
        match self {
            Self::Uuid => "uuid[]",
            Self::Text | Self::Read => "text[]",
            Self::Integer => "integer[]",
            Self::Bigint => "bigint[]",
            Self::Boolean => "boolean[]",
            Self::Bytes => "bytea[]",
            Self::Time => "timestamptz[]",
        }
    }

    fn cell(self, row: &PgRow, index: usize) -> Cell {
        match self {
            Self::Uuid => Cell::Uuid(row.get(index)),
            Self::Text | Self::Read => Cell::Text(row.get(index)),
            Self::Integer => Cell::Integer(row.get(index)),
            Self::Bigint => Cell::Bigint(row.get(index)),
            Self::Boolean => Cell::Boolean(row.get(index)),
            Self::Bytes => Cell::Bytes(row.get(index)),
            Self::Time => Cell::Time(row.get(index)),
        }
    }
}

/// One statement for many rows, as Ripen's own are.
fn insert(name: &str, columns: &[(String, String)], types: &[Type]) -> String {
    let names: Vec<_> = columns.iter().map(|(column, _)| column.as_str()).collect();
    let values: Vec<_> = columns
        .iter()
        .zip(types)
        .enumerate()
        .map(|(index, ((_, sql), r#type))| {
            let value = format!("(${}::{})[i]", index + 1, r#type.array());
            match r#type {
                Type::Read => format!("{value}::{sql}"),
                _ => value,
            }
        })
        .collect();
    let first = types.first().expect("a table has columns").array();
    let (names, values) = (names.join(", "), values.join(", "));
    format!("insert into {name} ({names}) select {values} from generate_subscripts($1::{first}, 1) i")
}
