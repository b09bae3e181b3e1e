//! A list posted as `text/csv`, of any length: read piece by piece, and made durable piece by piece before more of it is read. So
//! its sender goes as fast as it can be kept, and what is held of it here is a piece. Whoever has no more than the token of a page is slower:
//! each of their rows counts in the rate of their address and of the source, and the list is begun and read on as there is room.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    sync::Mutex,
    time::Duration,
};

use axum::body::{Body, Bytes};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    flag::Flag,
    id::ArrivalId,
    list::{
        reader::SAMPLE,
        row::{BadRow, ListRow},
    },
};
use ripen_store::source::source_record::SourceRecord;
use ripen_web::{Problem, address::Visitor, body, catalogue};
use uuid::Uuid;

use crate::{
    IntakeContext,
    arrival::{Ready, Reception},
    formats::csv::{ColumnQuery, OpenList},
};

/// Bytes that are read at once.
const PIECE: usize = SAMPLE;
/// Rows, and bytes of them, that are made durable together.
const ROWS: u32 = 500;
const BYTES: usize = 512 * 1024;
/// The same of a stranger's list, which is held here for as long as it waits: of many of them at once so little is held.
const STRANGERS_ROWS: u32 = 50;
const STRANGERS_BYTES: usize = 64 * 1024;
/// Refused rows, and received ones, that are told one by one; all of them are counted.
const TOLD: usize = 1_000;
/// Flags that are counted, each by its field; a list has no more columns than can be read.
const FLAGS: usize = 1_000;
/// Lines that are named of each flag.
const LINES: usize = 3;
/// Tries to keep rows before the rest of a list is refused: what is kept already is not doubled when it is sent again.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_secs(1);
/// Rows of one instant have their order; those of the next piece come later.
const APART: SignedDuration = SignedDuration::from_millis(1);

/// A list that was received.
pub struct ReceivedList {
    /// Rows that are durable.
    pub received: u64,
    /// Those of them that are kept and not worked.
    pub quarantined: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// The first of those.
    pub results: Vec<RefusedListRow>,
    /// The first of those that are durable.
    pub arrivals: Vec<ReceivedListRow>,
    /// What could not be used as it came, each flag without its words, of all rows that are durable.
    pub flags: BTreeMap<Flag, FlaggedRows>,
    /// When its first rows were here.
    pub at: Timestamp,
}

/// A row that was refused.
pub struct RefusedListRow {
    /// The line it begins on, as an editor counts.
    pub line: u64,
    /// Which row it is, from 1, the header and empty lines not counted.
    pub row: u64,
    /// Why.
    pub problem: Problem,
}

/// A row that is durable.
pub struct ReceivedListRow {
    /// The line it begins on, as an editor counts.
    pub line: u64,
    /// Which row it is, from 1, the header and empty lines not counted.
    pub row: u64,
    /// Its arrival.
    pub arrival: ArrivalId,
}

/// How often a flag stands at a field.
#[derive(Default)]
pub struct FlaggedRows {
    /// Rows that have it.
    pub rows: u64,
    /// The lines that the first of them begin on.
    pub first_lines: Vec<u64>,
}

/// A row that waits to be made durable.
struct WaitingRow {
    told: ReceivedListRow,
    flags: Vec<Flag>,
}

impl ReceivedList {
    /// Notes a row that is durable now.
    fn tell(&mut self, WaitingRow { told, flags }: WaitingRow) {
        // Two words of one field are one row.
        let flags: BTreeSet<_> = flags.iter().map(|flag| Flag::new(&flag.field, flag.code)).collect();
        for flag in flags {
            if self.flags.len() >= FLAGS && !self.flags.contains_key(&flag) {
                continue;
            }
            let flagged = self.flags.entry(flag).or_default();
            flagged.rows += 1;
            if flagged.first_lines.len() < LINES {
                flagged.first_lines.push(told.line);
            }
        }
        if self.arrivals.len() < TOLD {
            self.arrivals.push(told);
        }
    }
}

/// Who sends a list, and what is said of it.
pub struct PostedList<'r> {
    /// Who.
    pub source: &'r SourceRecord,
    /// Who sends it without the source's key.
    pub stranger: Option<Stranger>,
    /// Its sender says it, and no visitor of a page.
    pub is_of_sender: bool,
    /// What the address says.
    pub query: ColumnQuery,
}

/// Whoever has the token of an address, which stands in pages, and no key.
pub struct Stranger {
    /// From where, as far as that is known.
    pub visitor: Option<Visitor>,
}

/// Takes in a list.
///
/// # Errors
/// When it is no list, breaks off, or cannot be kept: what was received until then is kept, and the same rows sent again are the
/// same arrivals.
pub async fn receive(context: &IntakeContext, posted: &PostedList<'_>, content: Body) -> Result<ReceivedList, Problem> {
    let mut pieces =
        Pieces { content, rest: BytesMut::new(), is_drained: false, is_ended: false, time: context.body.time };
    let received = rows(context, posted, &mut pieces).await;
    if received.is_err() && !pieces.is_drained {
        // Unread, the answer would be lost with the connection.
        body::discard(pieces.content).await;
    }
    received
}

async fn rows(context: &IntakeContext, posted: &PostedList<'_>, pieces: &mut Pieces) -> Result<ReceivedList, Problem> {
    let start = pieces.next().await?;
    let list = posted.query.open(&start, pieces.is_ended, &posted.source.country)?;
    let mut intake = RowIntake::new(context, posted, list);
    loop {
        while let Some(row) = intake.list.reader.next_row() {
            intake.take(row);
            if intake.is_full() {
                intake.keep().await?;
            }
        }
        if pieces.is_ended {
            break;
        }
        let piece = pieces.next().await.map_err(|problem| intake.broken_off(problem))?;
        intake.list.reader.push(&piece, pieces.is_ended);
    }
    intake.keep().await?;
    let RowIntake { done, number, .. } = intake;
    if number == 0 {
        let detail = "The list has a header row and no row under it: there is no lead in it.";
        return Err(Problem::new(&catalogue::MALFORMED_BODY, detail));
    }
    Ok(done)
}

/// A body, a piece at a time.
struct Pieces {
    content: Body,
    rest: BytesMut,
    /// Nothing more comes,
    is_drained: bool,
    /// and nothing is left.
    is_ended: bool,
    /// The longest time that a piece may take: a sender that drips a byte at a time would hold its connection for ever.
    time: Duration,
}

impl Pieces {
    /// The next [`PIECE`] bytes, or what is left.
    async fn next(&mut self) -> Result<Bytes, Problem> {
        match tokio::time::timeout(self.time, self.fill()).await {
            Ok(Ok(())) => {}
            Ok(Err(_broken)) => {
                let detail = "The body broke off before its announced end, or is not framed as HTTP frames bodies.";
                return Err(Problem::new(&catalogue::MALFORMED_BODY, detail));
            }
            Err(_elapsed) => {
                let detail = format!("{PIECE} bytes took longer than {} seconds to arrive.", self.time.as_secs());
                return Err(Problem::new(&catalogue::BODY_TOO_SLOW, detail));
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE)).freeze();
        Ok(piece)
    }

    /// Until there is a whole piece and more, so that the last one is known to be it.
    async fn fill(&mut self) -> Result<(), axum::Error> {
        while !self.is_drained && self.rest.len() <= PIECE {
            match self.content.frame().await {
                Some(frame) => {
                    if let Ok(data) = frame?.into_data() {
                        self.rest.extend_from_slice(&data);
                    }
                }
                None => self.is_drained = true,
            }
        }
        self.is_ended = self.is_drained && self.rest.len() <= PIECE;
        Ok(())
    }
}

/// The rows of a list on their way in.
struct RowIntake<'r> {
    context: &'r IntakeContext,
    posted: &'r PostedList<'r>,
    list: OpenList,
    /// Rows so far.
    number: u64,
    reception: Reception<'r>,
    /// Those since something was kept, refused ones among them.
    taken: u32,
    waiting: Vec<(Uuid, Bytes)>,
    /// What is told of each of those once it is durable.
    rows: Vec<WaitingRow>,
    bytes: usize,
    /// Those that wait and are kept, not worked.
    quarantined: u64,
    done: ReceivedList,
}

impl<'r> RowIntake<'r> {
    fn new(context: &'r IntakeContext, posted: &'r PostedList<'r>, list: OpenList) -> Self {
        let at = context.clock.now();
        let (results, arrivals, flags) = (Vec::new(), Vec::new(), BTreeMap::new());
        let done = ReceivedList { received: 0, quarantined: 0, refused: 0, results, arrivals, flags, at };
        let reception = reception(posted, at);
        let (waiting, rows) = (Vec::new(), Vec::new());
        Self { context, posted, list, number: 0, reception, taken: 0, waiting, rows, bytes: 0, quarantined: 0, done }
    }

    fn take(&mut self, row: Result<ListRow, BadRow>) {
        let row = match row {
            Ok(row) if row.is_blank() => return,
            other => other,
        };
        self.number += 1;
        self.taken += 1;
        match row {
            Err(bad) => {
                let header = &self.list.reader.header().names;
                let column = bad.cell.and_then(|place| header.get(place)).map(|name| format!("{name}: "));
                let detail = format!("{}{}.", column.unwrap_or_default(), bad.fault);
                self.refuse(bad.line, Problem::new(&catalogue::MALFORMED_BODY, detail));
            }
            Ok(row) => match self.reception.arrival(self.list.posted(&row, self.number), None) {
                Err(problem) => self.refuse(row.line, problem),
                Ok(Ready { own, quarantined, flags, body }) => {
                    self.quarantined += u64::from(quarantined);
                    self.bytes += body.len();
                    let told = ReceivedListRow { line: row.line, row: self.number, arrival: own.id };
                    self.rows.push(WaitingRow { told, flags });
                    self.waiting.push((own.id.uuid(), body));
                }
            },
        }
    }

    fn refuse(&mut self, line: u64, problem: Problem) {
        self.done.refused += 1;
        if self.done.results.len() < TOLD {
            self.done.results.push(RefusedListRow { line, row: self.number, problem });
        }
    }

    fn is_full(&self) -> bool {
        match self.posted.stranger {
            None => self.taken >= ROWS || self.bytes >= BYTES,
            Some(_) => self.taken >= STRANGERS_ROWS || self.bytes >= STRANGERS_BYTES,
        }
    }

    /// Makes durable what waits; nothing more is read meanwhile.
    async fn keep(&mut self) -> Result<(), Problem> {
        // Also for what is refused: reading costs the same.
        if let (Some(stranger), Some(taken)) = (&self.posted.stranger, NonZeroU32::new(self.taken)) {
            self.context.pace_strangers_list(stranger.visitor, &self.posted.source.id, taken).await;
        }
        self.taken = 0;
        let rows = std::mem::take(&mut self.waiting);
        if !rows.is_empty() {
            let count = rows.len() as u64;
            self.keep_rows(rows).await?;
            self.done.received += count;
            self.done.quarantined += std::mem::take(&mut self.quarantined);
            std::mem::take(&mut self.rows).into_iter().for_each(|row| self.done.tell(row));
        }
        self.bytes = 0;
        // What the rows before said is forgotten with them: it would grow with the list.
        let at = self.reception.received_at.saturating_add(APART).unwrap_or(self.reception.received_at);
        self.reception = reception(self.posted, at.max(self.context.clock.now()));
        Ok(())
    }

    async fn keep_rows(&self, rows: Vec<(Uuid, Bytes)>) -> Result<(), Problem> {
        let mut tries = 0;
        loop {
            tries += 1;
            // Few at once, and held for no longer than it takes: live senders have the rest of the room. Never closed.
            let turns = match self.posted.stranger {
                None => &self.context.lists,
                Some(_) => &self.context.strangers_lists,
            };
            let turn = turns.acquire().await.ok();
            let kept = self.context.durable.write_all(rows.clone(), self.reception.received_at).await;
            drop(turn);
            match kept {
                Ok(()) => return Ok(()),
                Err(error) if tries >= TRIES => return Err(self.broken_off(error.into())),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// The problem, with how far the list had come.
    fn broken_off(&self, problem: Problem) -> Problem {
        let ReceivedList { received, refused, .. } = &self.done;
        let so_far = format!(
            "{received} rows had been received and {refused} refused. Send the list again: no row counts twice."
        );
        problem.saying_too(&so_far)
    }
}

/// What holds for the rows of a piece. No Idempotency-Key: a row is known by its external id, or by its cells.
fn reception<'r>(posted: &'r PostedList<'r>, received_at: Timestamp) -> Reception<'r> {
    Reception {
        source: posted.source,
        received_at,
        key: None,
        form_id: None,
        is_of_sender: posted.is_of_sender,
        in_bulk: true,
        said: Mutex::default(),
        quarantine: None,
    }
}
