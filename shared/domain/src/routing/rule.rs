//! Reading one rule of a routing document: who its recipients are, with what weight, in which mode; and the default, which
//! stands at the top of the document and is read the same way.

use std::sync::Arc;

use super::{
    DEFAULT, Mode, RoutingRule, RuleCondition, RuleRecipient, route_reader::RouteReader, surroundings::RecipientMatch,
};
use crate::document::{Located, Section, TreeNode, did_you_mean, quoted};

/// Recipients of one list.
const MOST_RECIPIENTS: usize = 100;
const MOST_WEIGHT: i64 = 1_000;

impl<'d> RouteReader<'d, '_> {
    /// The default: what stands at the top of the document.
    pub(super) fn default_rule(&mut self, root: &Section<'d>) -> Option<RoutingRule> {
        let mode = self.mode(root);
        if root.get("mode").is_none() {
            root.missing("mode", &mut self.notes);
        }
        let recipients = self.needed_recipients(root, mode);
        let fallback = self.fallback(root, recipients.as_deref());
        Some(RoutingRule {
            id: DEFAULT.into(),
            because: "no other rule holds".into(),
            mode: mode?,
            recipients: recipients?,
            fallback: fallback.unwrap_or_default(),
            when: RuleCondition::Always,
        })
    }

    /// One `[[rule]]`. What it does not say is as the default has it.
    pub(super) fn rule(&mut self, section: &Section<'d>, default: Option<&RoutingRule>) -> Option<RoutingRule> {
        section.only(&["id", "when", "because", "mode", "recipients", "fallback"], &mut self.notes);
        let id = self.id(section);
        let because = section.needed_text("because", &mut self.notes).map(|because| Arc::from(because.value));
        let when = self.when(section);
        // A rule without a mode has the default's; a default with a mistake gives none, and the mistake was reported.
        let mode = if section.get("mode").is_some() { self.mode(section) } else { default.map(|rule| rule.mode) };
        let recipients = self.needed_recipients(section, mode);
        let own = self.fallback(section, recipients.as_deref());
        let fallback = own.or_else(|| default.map(|rule| rule.fallback.clone())).unwrap_or_default();
        Some(RoutingRule { id: id?, because: because?, mode: mode?, recipients: recipients?, fallback, when: when? })
    }

    fn id(&mut self, section: &Section<'d>) -> Option<Arc<str>> {
        let id = section.needed_text("id", &mut self.notes)?;
        let text = id.value;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if text.len() > 64 || !text.bytes().all(plain) {
            self.notes.add(id.span.start, || {
                format!("{} cannot be an id: use at most 64 letters, digits, '_' and '-'", quoted(text))
            });
        }
        // Rotations and explanations are kept by id: it would share those of the default.
        if text == DEFAULT {
            self.notes.add(id.span.start, || {
                "'default' is what stands at the top of the document: call this rule otherwise".into()
            });
        }
        if !self.ids.insert(text) {
            self.notes.add(id.span.start, || format!("the id {} stands twice", quoted(text)));
        }
        Some(text.into())
    }

    fn when(&mut self, section: &Section<'d>) -> Option<RuleCondition> {
        let text = section.needed_text("when", &mut self.notes)?;
        // Each condition costs a parse: with the report full, nobody would see its mistakes.
        if self.notes.is_full() {
            return None;
        }
        match self.conditions.read(&text) {
            Ok(condition) => {
                self.doubt_unreachable(section, &text, &condition);
                Some(RuleCondition::Holds(condition))
            }
            Err(faults) => {
                let why = faults.first().map(|(_, message)| Arc::from(message.as_str())).unwrap_or_default();
                for (at, message) in faults {
                    self.unfit(at, || message);
                }
                // A stored document whose condition no longer fits still loads: the rule is passed over and says why.
                Some(RuleCondition::Unfit(why))
            }
        }
    }

    fn mode(&mut self, section: &Section<'d>) -> Option<Mode> {
        let word = section.text("mode", &mut self.notes)?;
        let mode = word.value.parse().ok();
        if mode.is_none() {
            self.notes.add(word.span.start, || {
                let words: Vec<_> = Mode::ALL.iter().map(|mode| mode.word()).collect();
                let hint = did_you_mean(word.value, words.iter().copied());
                format!("unknown mode {}{hint} (one of {})", quoted(word.value), words.join(", "))
            });
        }
        mode
    }

    fn needed_recipients(&mut self, section: &Section<'d>, mode: Option<Mode>) -> Option<Vec<RuleRecipient>> {
        if section.get("recipients").is_none() {
            section.missing("recipients", &mut self.notes);
        }
        // With a mode that could not be read nothing is said about weights: they may be meant.
        let shares = self.shares(section, "recipients", mode == Some(Mode::Weighted) || mode.is_none())?;
        let at = section.get("recipients").map_or(section.at, |value| value.span().start);
        match (mode, shares.as_slice()) {
            (_, []) => self.notes.add(at, || "'recipients' is empty: name at least one rep or endpoint".into()),
            (Some(Mode::FirstToClaim), [_]) => {
                self.doubts.add(at, || "an offer to one alone: nobody else can claim it before the fallback".into());
            }
            (Some(Mode::Weighted), several) if several.iter().all(|share| share.weight == several[0].weight) => {
                self.doubts.add(at, || "all weights are the same: that is \"round_robin\"".into());
            }
            _ => {}
        }
        self.claims |= mode == Some(Mode::FirstToClaim);
        Some(shares)
    }

    fn fallback(&mut self, section: &Section<'d>, recipients: Option<&[RuleRecipient]>) -> Option<Vec<RuleRecipient>> {
        section.get("fallback")?;
        let shares = self.shares(section, "fallback", false)?;
        let at = section.get("fallback").map_or(section.at, |value| value.span().start);
        let named =
            |share: &&RuleRecipient| recipients.is_some_and(|named| named.iter().any(|other| other.is_same(share)));
        for share in shares.iter().filter(named) {
            self.doubts.add(at, || format!("{} is a recipient already: that is no fallback", quoted(&share.name)));
        }
        Some(shares)
    }

    /// The owner of the document.
    pub(super) fn owner(&mut self, root: &Section<'d>) -> Option<RuleRecipient> {
        let name = root.text("owner", &mut self.notes)?;
        Some(self.share(&name, 1))
    }

    fn shares(&mut self, section: &Section<'d>, key: &'static str, weighs: bool) -> Option<Vec<RuleRecipient>> {
        let value = section.get(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.notes.add(value.span().start, || format!("'{key}' must be a list: write {key} = [\"…\", \"…\"]"));
            return None;
        };
        if let Some(first) = array.get(MOST_RECIPIENTS) {
            self.notes.add(first.span().start, || format!("more than {MOST_RECIPIENTS} in '{key}'"));
        }
        let mut shares: Vec<RuleRecipient> = Vec::new();
        for element in array.iter().take(MOST_RECIPIENTS) {
            let Some(share) = self.element(element, weighs) else { continue };
            if shares.iter().any(|other| other.is_same(&share)) {
                // Two places would count twice in a rotation.
                self.notes.add(element.span().start, || format!("{} stands twice in '{key}'", quoted(&share.name)));
            }
            shares.push(share);
        }
        Some(shares)
    }

    /// A name, or a table with a name and a weight.
    fn element(&mut self, element: &'d TreeNode<'d>, weighs: bool) -> Option<RuleRecipient> {
        let at = element.span().start;
        if let Some(text) = element.get_ref().as_str() {
            return Some(self.share(&Located { value: text, span: element.span() }, 1));
        }
        let Some(section) = Section::inside(element, "a recipient") else {
            self.notes.add(at, || "a recipient is a name in quotes, or { name = \"…\", weight = 2 }".into());
            return None;
        };
        section.only(&["name", "weight"], &mut self.notes);
        let weight = section.whole("weight", 1..MOST_WEIGHT + 1, &mut self.notes);
        if let Some(weight) = weight.as_ref().filter(|_| !weighs) {
            self.doubts.add(weight.span.start, || "weights count with mode = \"weighted\" only".into());
        }
        let name = section.needed_text("name", &mut self.notes)?;
        let weight = weight.and_then(|weight| u32::try_from(weight.value).ok()).unwrap_or(1);
        Some(self.share(&name, weight))
    }

    fn share(&mut self, name: &Located<&str>, weight: u32) -> RuleRecipient {
        let RecipientMatch { id, called } = self.around.find(name.value);
        match called {
            1 => {}
            0 => {
                let known = self.around.recipients.iter().map(|named| &*named.name);
                let hint = did_you_mean(name.value, known);
                self.unfit(name.span.start, || {
                    format!("no rep and no endpoint is called {}{hint}", quoted(name.value))
                });
            }
            _ => self.unfit(name.span.start, || {
                format!("{called} are called {}: write the id of the one that is meant", quoted(name.value))
            }),
        }
        // An unknown name stays in the rule without an id: it is told as passed over, and counts again when somebody is
        // called so.
        RuleRecipient { name: name.value.into(), id, weight }
    }
}

impl RuleRecipient {
    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name || self.id.is_some() && self.id == other.id
    }
}
