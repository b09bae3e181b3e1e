//! Bodies under one external id: which of them counts. The newest by the sender's time does, else by receipt; one that was there
//! before and comes back after another is what counts again. Which one that is does not hang on the order in which they are worked:
//! of a body that makes no arrival of its own it is kept when it came. They belong together by the id that their sender gave, under
//! whatever arrival ids they are kept: the first may be dead, let go out of the quarantine, or stored by an earlier version.
//!
//! Whoever reads a page can post under any external id, and a form may have one word for all its visitors in the id's place: what
//! came so belongs to others under its id only where it may be of the same person, and stands for itself otherwise.
//!
//! An id under which ever more bodies come is none: a program writes the same word for every lead. From some number on each body
//! stands for itself, and its lead says why.
//!
//! One of the cases of a sender's retries: all of them stand at the head of [`crate::load_batch`].

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use ripen_domain::{
    arrival::{Arrival, BodyTime, FORM_CORRECTS_WITHIN, return_id, variant_id},
    hash::ContentHash,
    id::ArrivalId,
    person::{Absorb, NameMatch, Profile},
};
use ripen_store::{
    StoreError, Transaction,
    arrival::{
        bodies_per_key::{EarlierBody, MOST_BODIES, SaidAgain},
        common_key::CommonKey,
        seen::SeenBefore,
    },
};
use serde_json::{Map, Value};

use crate::{
    key_conflicts::Retries,
    new_arrival::{BodyComparison, NewArrival, OtherBodies},
    unit_of_work::RepeatedArrival,
};

/// One body of several.
#[derive(Clone)]
pub struct Body {
    id: ArrivalId,
    /// What it corrects, else itself.
    root: ArrivalId,
    pub(crate) content: ContentHash,
    pub(crate) time: BodyTime,
    /// When the last came that said the same and made no arrival of its own: by this it counts.
    last: BodyTime,
    pub(crate) said: Profile,
    answers: Map<String, Value>,
    /// Whoever reads a page could have sent it.
    by_visitor: bool,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without what it says: it is contact data.
        f.debug_struct("Body").field("id", &self.id).field("root", &self.root).finish_non_exhaustive()
    }
}

impl From<EarlierBody> for Body {
    fn from(earlier: EarlierBody) -> Self {
        let EarlierBody { id, amends, content, time, last, said, answers, by_visitor, .. } = earlier;
        Self { id, root: amends.unwrap_or(id), content, time, last, said, answers, by_visitor }
    }
}

impl Body {
    /// That of an arrival, under its own id and correcting nothing.
    pub fn of(arrival: &Arrival) -> Self {
        let mut said = Profile::default();
        said.absorb(&arrival.submission, Absorb::Fill);
        let (id, content, by_visitor) = (arrival.id, arrival.content, arrival.by_visitor);
        let answers = arrival.submission.perhaps_answers();
        let time = BodyTime::of(arrival);
        Self { id, root: id, content, time, last: time, said, answers, by_visitor }
    }

    /// As it is kept.
    pub fn kept_as(self, new: &NewArrival<'_>) -> Self {
        Self { id: new.id, root: new.amends.unwrap_or(new.id), ..self }
    }
}

/// Compares a body with those that are known.
pub fn compare<'b>(known: impl Iterator<Item = &'b Body> + Clone, new: &Body) -> BodyComparison {
    let Some(counts) = newest(known.clone()) else { return BodyComparison::First };
    let equal = known.clone().filter(|body| body.content == new.content);
    // The message itself, delivered again.
    if let Some(it) = equal.clone().find(|body| body.time.received_at == new.time.received_at) {
        return BodyComparison::Same(it.id);
    }
    let was_there = newest(equal);
    if let Some(it) = was_there
        && (!new.time.is_newer(it.last) || is_nothing_new(known.clone(), new))
    {
        return BodyComparison::Same(it.id);
    }
    let mut others = OtherBodies::default();
    let (mut older, newer): (Vec<_>, Vec<_>) = known.partition(|body| new.time.is_newer(body.last));
    older.sort_by(|one, other| one.last.is_newer(other.last).cmp(&other.last.is_newer(one.last)));
    for body in older {
        others.older.insert(body.id);
        // What another root has was said of somebody else.
        if body.root == counts.root {
            others.before.add(&body.said, &body.answers);
        }
    }
    // Under the source's key the id counts all the same, and people are told. The newest may have said a part of it only.
    others.is_another = match newer.is_empty() {
        true => others.before.is_anothers(&new.said),
        false => counts.said.is_all_anothers(&new.said),
    };
    others.newer.extend(newer.into_iter().map(|body| (body.id, body.said.clone())));
    BodyComparison::Corrects { root: counts.root, others: Box::new(others), was_there: was_there.is_some() }
}

/// The one that counts.
fn newest<'b>(bodies: impl Iterator<Item = &'b Body>) -> Option<&'b Body> {
    bodies.reduce(|one, other| if other.last.is_newer(one.last) { other } else { one })
}

/// Whether a body that was there before changes nothing: it says what counted when it was received, or was corrected by then. What was
/// received after it does not tell, though it was worked before it: else it would hang on the order of work.
fn is_nothing_new<'b>(known: impl Iterator<Item = &'b Body>, new: &Body) -> bool {
    let by_then = newest(known.filter(|body| body.last.received_at <= new.time.received_at));
    by_then.is_none_or(|counted| counted.content == new.content || !new.time.is_newer(counted.last))
}

/// Takes in that a body says what is known: from when it came on that counts, or what was received before it and is worked after it
/// would take its place. Returns what is to be kept of it.
pub fn say_again(known: &mut [Body], id: ArrivalId, new: &Body) -> Option<SaidAgain> {
    let it = known.iter_mut().find(|body| body.id == id)?;
    if !new.time.is_newer(it.last) {
        return None;
    }
    it.last = new.time;
    Some(SaidAgain { arrival: id, at: new.time.received_at })
}

/// Whether two bodies may be the same visitor's: they say the same; or are of names that can be of one person, unless address and
/// number are both others; or of names as alike as a slip of the pen makes them, where one of the two is the same.
pub fn may_be_one_visitors(before: &Body, now: &Body) -> bool {
    if before.content == now.content {
        return true;
    }
    let (known, said) = (&before.said, &now.said);
    let pairs = [(&known.email, &said.email), (&known.phone, &said.phone)];
    let is_shared = pairs.iter().any(|(before, now)| before.is_some() && before == now);
    let is_another = pairs.iter().all(|(before, now)| before.is_some() && now.is_some() && before != now);
    match known.read_name().against(&said.read_name()) {
        // Who corrects an address may write the name out as well.
        NameMatch::Same | NameMatch::MayBe => !is_another,
        // A form without a name is still one person's, who mends one of the two and leaves the other.
        NameMatch::Alike | NameMatch::Unnamed => is_shared,
        NameMatch::Contradict => false,
    }
}

/// Whether two bodies under one external id may be of one person, where the id alone proves nothing: as for one visitor within an
/// hour, and later where an address or a number is the same. The pages of one form may say the name on a later one.
fn may_be_one_persons(one: &Body, other: &Body) -> bool {
    if one.content == other.content {
        return true;
    }
    let pairs = [(&one.said.email, &other.said.email), (&one.said.phone, &other.said.phone)];
    let is_shared = pairs.iter().any(|(one, other)| one.is_some() && one == other);
    if one.said.read_name().against(&other.said.read_name()) == NameMatch::Unnamed {
        // Within an hour a slip of the pen in the other of the two is one that is mended.
        let is_all = pairs.iter().all(|(one, other)| one.is_none() || other.is_none() || one == other);
        return is_shared && (is_all || are_close(one, other));
    }
    (is_shared || are_close(one, other)) && may_be_one_visitors(one, other)
}

/// Whether they were received within an hour.
pub fn are_close(one: &Body, other: &Body) -> bool {
    one.time.received_at.duration_since(other.time.received_at).abs() <= FORM_CORRECTS_WITHIN
}

/// Whether two bodies under one external id are of one lead: the sender says so, or they may be of one person. Both ways, or a
/// stranger who is first under an id would have what its sender posts later.
fn belong_together(one: &Body, other: &Body) -> bool {
    !(one.by_visitor || other.by_visitor) || may_be_one_persons(one, other)
}

/// The same under an external id, which may come with more bodies than one lead has, and with those of strangers.
fn compare_under_id(known: &[Body], new: &Body) -> BodyComparison {
    match compare(known.iter().filter(|body| belong_together(body, new)), new) {
        BodyComparison::Corrects { .. } if known.len() >= MOST_BODIES => {
            let same = known.iter().find(|body| body.content == new.content);
            same.map_or(BodyComparison::TooMany, |body| BodyComparison::Same(body.id))
        }
        comparison => comparison,
    }
}

/// Says of the new arrivals under external ids what they correct. Of messages under ids that came before, in this batch or an
/// earlier one, returns those that correct what is known, each under an id of its own; what says what counts already is done, but for
/// when it was said.
pub async fn correct<'a>(
    batch: &mut Transaction,
    fresh: &mut [NewArrival<'a>],
    (mut again, retries): (Vec<&'a Arrival>, &Retries),
    said_again: &mut Vec<SaidAgain>,
) -> Result<BTreeMap<ArrivalId, NewArrival<'a>>, StoreError> {
    let worked = fresh.iter().filter(|new| new.quarantine.is_none()).map(|new| new.arrival);
    let all = worked.chain(again.iter().copied());
    let wanted: BTreeSet<_> = all.filter_map(|arrival| Some((external_id(arrival)?, arrival.content))).collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut bodies: BTreeMap<CommonKey, Vec<Body>> = BTreeMap::new();
    for earlier in batch.arrivals_bodies(&wanted).await? {
        bodies.entry(earlier.key.clone()).or_default().push(earlier.into());
    }
    correct_new(fresh, &mut bodies, retries, said_again);
    if again.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: BTreeSet<_> = again.iter().map(|arrival| arrival.id).collect();
    let seen = batch.arrivals_seen(&ids.into_iter().collect::<Vec<_>>()).await?;
    let seen: BTreeMap<_, _> = seen.into_iter().map(|seen| (seen.id, seen)).collect();
    again.sort_by_key(|arrival| arrival.received_at);
    let mut corrections = BTreeMap::new();
    for arrival in again {
        let Some(key) = CommonKey::of(arrival) else { continue };
        let body = Body::of(arrival);
        let mut apart = Vec::new();
        // What is kept and not worked says nothing of what counts.
        let known = if arrival.quarantine.is_some() { &mut apart } else { bodies.entry(key).or_default() };
        let is_kept = known.iter().any(|one| one.content == body.content);
        if !is_kept && seen.get(&arrival.id).is_some_and(|seen| covers(seen, arrival)) {
            // It is dead or erased, and waits with what says the same.
            continue;
        }
        if is_kept && retries.contains(arrival) {
            // The request of before, sent again because its answer was lost: it does not count again after a correction.
            continue;
        }
        let new = match compare_under_id(known, &body) {
            BodyComparison::Same(id) => {
                said_again.extend(say_again(known, id, &body));
                continue;
            }
            BodyComparison::TooMany => {
                let id = variant_id(arrival.id, arrival.content);
                NewArrival { id, shares_id: true, ..NewArrival::of(arrival) }
            }
            BodyComparison::First => {
                let id = variant_id(arrival.id, arrival.content);
                NewArrival { id, shares_id: !known.is_empty(), ..NewArrival::of(arrival) }
            }
            BodyComparison::Corrects { root, others, was_there } => {
                let id = match was_there {
                    true => return_id(arrival.id, arrival.content, arrival.received_at),
                    false => variant_id(arrival.id, arrival.content),
                };
                NewArrival { id, amends: Some(root), others: *others, ..NewArrival::of(arrival) }
            }
        };
        known.push(body.kept_as(&new));
        corrections.entry(new.id).or_insert(new);
    }
    Ok(corrections)
}

/// New arrivals whose external id is known under another arrival id.
fn correct_new(
    fresh: &mut [NewArrival<'_>],
    bodies: &mut BTreeMap<CommonKey, Vec<Body>>,
    retries: &Retries,
    said_again: &mut Vec<SaidAgain>,
) {
    fresh.sort_by_key(|new| new.arrival.received_at);
    for new in fresh.iter_mut().filter(|new| new.quarantine.is_none()) {
        let Some(key @ CommonKey::ExternalId { .. }) = CommonKey::of(new.arrival) else { continue };
        let known = bodies.entry(key).or_default();
        let body = Body::of(new.arrival);
        let kept = known.iter().find(|one| one.content == body.content).filter(|_| retries.contains(new.arrival));
        let is_retry = kept.is_some();
        let comparison = kept.map_or_else(|| compare_under_id(known, &body), |one| BodyComparison::Same(one.id));
        // A retry is the request of before: it was said then.
        if let BodyComparison::Same(id) = comparison
            && !is_retry
        {
            said_again.extend(say_again(known, id, &body));
        }
        new.shares_id = matches!(comparison, BodyComparison::First) && !known.is_empty();
        new.compared(comparison);
        if new.repeats.is_none() {
            known.push(body.kept_as(new));
        }
    }
}

/// Writes what ended as a repetition, after what it repeats, which may be of the same batch.
pub async fn write_repeated(
    batch: &mut Transaction,
    repeats: &[RepeatedArrival],
    said_again: &[SaidAgain],
) -> Result<(), StoreError> {
    if !repeats.is_empty() {
        let repeats: Vec<_> = repeats.iter().map(|one| (one.id, one.repeats)).collect();
        batch.arrivals_end_same(&repeats).await?;
    }
    if said_again.is_empty() { Ok(()) } else { batch.arrivals_said_again(said_again).await }
}

/// Whether what came first under an id says what this message says, and ended so that nothing more is to be done.
fn covers(seen: &SeenBefore, arrival: &Arrival) -> bool {
    let ended_so = seen.ended.covers_the_same() || arrival.quarantine.is_some();
    seen.content == arrival.content && ended_so
}

fn external_id(arrival: &Arrival) -> Option<CommonKey> {
    CommonKey::of(arrival).filter(|key| matches!(key, CommonKey::ExternalId { .. }))
}

#[cfg(test)]
mod tests;
