//! How many connections one address holds, so that one of them cannot hold them all. A /48 of IPv6 has 65,536 addresses in the
//! sense of these limits, and is had for the asking: it holds as many as two.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::address::{AddressPrefix, TrustedProxies};

/// The connections of each address. Bounded by the number of connections.
pub(super) struct AddressCounts {
    most: usize,
    proxies: TrustedProxies,
    held: Mutex<HashMap<CountedPrefix, usize>>,
}

/// What has a bound. A /48 is told from its own first /64, whose addresses begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum CountedPrefix {
    Address(AddressPrefix),
    Site(AddressPrefix),
}

impl CountedPrefix {
    fn all_of(address: AddressPrefix) -> impl Iterator<Item = Self> {
        std::iter::once(Self::Address(address)).chain(address.site().map(Self::Site))
    }

    const fn most(self, of_address: usize) -> usize {
        match self {
            Self::Address(_) => of_address,
            Self::Site(_) => of_address.saturating_mul(ADDRESSES_OF_A_SITE),
        }
    }
}

/// How many addresses' connections a /48 holds.
const ADDRESSES_OF_A_SITE: usize = 2;

/// The place of one connection among those of its address; given back when dropped.
pub(super) struct AddressPlace {
    counts: Arc<AddressCounts>,
    /// None for a proxy, which brings everybody's.
    of: Option<AddressPrefix>,
}

impl AddressCounts {
    pub(super) fn new(most: usize, proxies: TrustedProxies) -> Arc<Self> {
        Arc::new(Self { most, proxies, held: Mutex::default() })
    }

    /// A place for one more connection; nothing where its address has all it may have.
    pub(super) fn place(self: &Arc<Self>, peer: IpAddr) -> Option<AddressPlace> {
        if self.proxies.contains(peer) {
            return Some(AddressPlace { counts: Arc::clone(self), of: None });
        }
        let prefix = AddressPrefix::of(peer);
        let mut all = self.held();
        let is_full = |counted: CountedPrefix| all.get(&counted).is_some_and(|held| *held >= counted.most(self.most));
        if CountedPrefix::all_of(prefix).any(is_full) {
            return None;
        }
        for counted in CountedPrefix::all_of(prefix) {
            *all.entry(counted).or_default() += 1;
        }
        Some(AddressPlace { counts: Arc::clone(self), of: Some(prefix) })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<CountedPrefix, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AddressPlace {
    fn drop(&mut self) {
        let Some(prefix) = self.of else { return };
        let mut all = self.counts.held();
        for counted in CountedPrefix::all_of(prefix) {
            let Some(held) = all.get_mut(&counted) else { continue };
            *held -= 1;
            // Whoever is gone is forgotten: the table is as large as the number of connections.
            if *held == 0 {
                all.remove(&counted);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_its_share_and_a_proxy_has_everybodys() {
        let ip = |text: &str| -> IpAddr { text.parse().unwrap() };
        let proxy = ip("10.0.0.1");
        let counts = AddressCounts::new(2, TrustedProxies::new(move |address| address == proxy));
        let mut held: Vec<_> = ["2001:db8::1", "2001:db8::2"].map(|text| counts.place(ip(text)).unwrap()).into();
        assert!(counts.place(ip("2001:db8::3")).is_none(), "a /64 is one address");
        assert!(counts.place(ip("2001:db8:0:1::1")).is_some());
        assert!(counts.place(ip("2001:db8:1::1")).is_some(), "another site");
        held.push(counts.place(ip("2001:db8:0:2::1")).unwrap());
        held.push(counts.place(ip("2001:db8:0:3::1")).unwrap());
        assert!(counts.place(ip("2001:db8:0:4::1")).is_none(), "a /48 has two addresses' share");
        held.extend((0..9).map(|_| counts.place(proxy).unwrap()));
        drop(held);
        assert!(counts.place(ip("2001:db8::3")).is_some());
        assert!(counts.held().is_empty());
    }
}
