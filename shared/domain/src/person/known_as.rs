//! The names that a person is known by beside the one that is shown. Who is called Sam may be Samuel or Samantha: which of the two, the
//! longer form says that came with another enquiry, before or after. Nothing here takes one name for another; that is `name`'s business.

use super::{
    Profile,
    name::{NameMatch, ReadName},
};

/// So many are kept, the longest.
const MOST_NAMES: usize = 8;

impl Profile {
    /// How a name stands to all that they are known by. One that contradicts any of them is another's: `Samantha` fits a `Sam`, and
    /// not one who was called Samuel as well.
    #[must_use]
    pub fn against_name(&self, said: &ReadName) -> NameMatch {
        let own = said.against(&self.read_name());
        if own == NameMatch::Unnamed {
            return own;
        }
        let others = self.known_as.iter().map(|name| said.against(&ReadName::read(name)));
        let (least, most) = others.fold((own, own), |(least, most), one| (least.min(one), most.max(one)));
        // An initial is one of Bob or of Robert.
        if least < NameMatch::Unnamed && !said.begins_with_initial() { least } else { most }
    }

    /// Whether of all names that they are known by those which are not simply the same as this one differ from it in such a way, and
    /// there is one that differs.
    pub(super) fn is_parted_by(&self, said: &ReadName, differs: impl Fn(&ReadName) -> bool) -> bool {
        let known = std::iter::once(self.read_name()).chain(self.known_as.iter().map(|name| ReadName::read(name)));
        let mut others = known.filter(|known| said.against(known) < NameMatch::Unnamed).peekable();
        others.peek().is_some() && others.all(|known| differs(&known))
    }

    /// Takes in under which name somebody was said to be, or was known before: kept where it says more than the name that is shown, and
    /// than all others that are kept. What the name contradicts by now was a mistake, and is forgotten.
    pub fn note_names<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        let shown = self.read_name();
        let said = names.into_iter().map(str::to_owned);
        let all: Vec<String> = std::mem::take(&mut self.known_as).into_iter().chain(said).collect();
        for name in all {
            let read = ReadName::read(&name);
            let is_news = read.says_more_than(&shown) && !self.known_as.iter().any(|known| read.is_within(known));
            if is_news {
                self.known_as.push(name);
            }
        }
        if self.known_as.len() > MOST_NAMES {
            // The shorter a form, the more names it fits.
            self.known_as.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
            self.known_as.truncate(MOST_NAMES);
        }
    }
}

impl ReadName {
    /// Whether a name that is kept says all that this one does.
    fn is_within(&self, known: &str) -> bool {
        let known = Self::read(known);
        self.against(&known) > NameMatch::Unnamed && !self.says_more_than(&known)
    }
}
