//! What follows from a maturation: its deliveries, and the offer where it is offered first.

use jiff::Timestamp;
use ripen_domain::id::{ClientId, DeliveryId, EndpointId, LeadId, MaturationId};
use ripen_store::delivery::{
    first_to_claim::NewOffer,
    write::{DeliveryTarget, NewDelivery},
};

use crate::assign::{Hold, OfferTerms};

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
        NewDelivery { to: Some(to), ..self.unaddressed(id, now) }
    }

    /// A delivery that nobody can take yet.
    pub fn held(self, hold: Hold, id: DeliveryId) -> NewDelivery {
        let Hold { until, why, is_undated, waits_for } = hold;
        NewDelivery { why: Some(why), is_undated, waits_for, ..self.unaddressed(id, until) }
    }

    /// The offer to be kept.
    pub fn offer(self, terms: OfferTerms) -> NewOffer {
        let OfferTerms { tier, to, until, said: _ } = terms;
        NewOffer { client: self.client, maturation: self.maturation, tier, to, until }
    }

    fn unaddressed(self, id: DeliveryId, due_at: Timestamp) -> NewDelivery {
        let Self { client, lead, maturation } = self;
        NewDelivery {
            id,
            client,
            lead,
            maturation,
            offer: None,
            to: None,
            due_at,
            why: None,
            is_undated: false,
            undo_until: None,
            waits_for: Vec::new(),
        }
    }
}
