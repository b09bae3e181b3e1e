//! What follows from a maturation: its deliveries, and the offer where it is offered first.

use jiff::Timestamp;
use ripen_domain::id::{ClientId, DeliveryId, EndpointId, LeadId, MaturationId};
use ripen_store::delivery::{offer::NewOffer, write::NewDelivery};

use crate::assign::{DeliveryTarget, Hold, OfferTerms};

/// A delivery to be attempted now.
#[derive(Debug, Clone, Copy)]
pub struct DueDelivery {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Where it goes.
    pub endpoint: EndpointId,
}

/// A maturation, with the lead it is of.
#[derive(Debug, Clone, Copy)]
pub struct MaturationRef {
    /// Whose lead.
    pub client: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// The maturation.
    pub maturation: MaturationId,
}

impl MaturationRef {
    /// A delivery to be attempted now.
    pub fn delivery(self, to: DeliveryTarget, id: DeliveryId, now: Timestamp) -> NewDelivery {
        let to = Some((to.endpoint, to.rep));
        NewDelivery { to, ..self.unaddressed(id, now) }
    }

    /// A delivery that nobody can take yet.
    pub fn held(self, hold: Hold, id: DeliveryId) -> NewDelivery {
        NewDelivery { why: Some(hold.why), ..self.unaddressed(id, hold.until) }
    }

    /// The offer to be kept.
    pub fn offer(self, terms: OfferTerms) -> NewOffer {
        let OfferTerms { tier, to, until } = terms;
        NewOffer { maturation: self.maturation, tier, to, until }
    }

    fn unaddressed(self, id: DeliveryId, due_at: Timestamp) -> NewDelivery {
        let Self { client, lead, maturation } = self;
        NewDelivery { id, client, lead, maturation, offered_until: None, to: None, due_at, why: None }
    }
}
