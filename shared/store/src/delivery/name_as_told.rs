//! By which name a lead is called in what is told of it later: the one under which its reader knows it. A correction may have made it
//! somebody else's since, of whom that reader was never told.

use ripen_domain::{
    delivery::{ClientEvent, Member},
    person::Profile,
};

/// Puts the name from a body in the place of the one that is known now; where the body names nobody, it stays.
pub(super) fn name_as_told(profile: &mut Profile, told: &[u8]) {
    let event = ClientEvent::read(told);
    let Some(contact) = event.as_ref().and_then(ClientEvent::lead).and_then(|data| data.lead.get()) else { return };
    let text = |member: &Member<String>| member.get().cloned();
    let named = Profile {
        first_name: text(&contact.first_name),
        last_name: text(&contact.last_name),
        name: text(&contact.name),
        ..Profile::default()
    };
    if named.full_name().is_some() {
        (profile.first_name, profile.last_name, profile.name) = (named.first_name, named.last_name, named.name);
    }
}

#[cfg(test)]
mod tests;
