//! What a merchant keeps with an order or a payment, and changes whenever that stands: nobody decides by it.

use crate::command::{ChangeOrder, CustomerChange, MetadataChange};
use crate::decision::Refusal;
use crate::id::PaymentId;
use crate::order::{Customer, Root};
use crate::timeline::EntryKind;

use super::draft::{Draft, Reply, Step, refused, text};
use super::payment::{find, find_order};

/// The merchant changes customer, metadata or note of an order. What is issued or written afterwards says the
/// new; what was frozen stays.
pub(super) fn order(draft: &mut Draft, wanted: &ChangeOrder) -> Step<Reply> {
    let Some(mut root) = find_order(draft, &wanted.order)? else {
        return refused(Refusal::NotFound);
    };
    let (id, version) = (root.id, root.version);
    if wanted.if_version.is_some_and(|wanted| wanted != version) {
        return refused(Refusal::VersionMismatch { version });
    }
    let Some(metadata) = changed(&root, wanted.metadata.as_ref()) else {
        return refused(Refusal::MetadataTooLarge);
    };
    let Some(order) = &mut root.order else {
        return refused(Refusal::NotFound);
    };

    // From here it must succeed.
    let mut names = change_customer(&mut order.customer, &wanted.customer);
    if metadata != root.metadata {
        names.push("metadata");
        root.metadata = metadata;
    }
    names.extend(change(&mut order.note, &wanted.note).then_some("note"));
    record(draft, EntryKind::OrderChanged, root, &names);
    Ok(Reply::Root(id))
}

/// The merchant changes the metadata of a payment that has no order.
pub(super) fn payment(
    draft: &mut Draft,
    id: PaymentId,
    metadata: Option<&MetadataChange>,
) -> Step<Reply> {
    let Some(mut root) = find(draft, id)? else {
        return refused(Refusal::NotFound);
    };
    if root.order.is_some() {
        return refused(Refusal::MetadataOfOrder);
    }
    let Some(metadata) = changed(&root, metadata) else {
        return refused(Refusal::MetadataTooLarge);
    };

    // From here it must succeed.
    let mut names = Vec::new();
    if metadata != root.metadata {
        names.push("metadata");
        root.metadata = metadata;
    }
    record(draft, EntryKind::PaymentChanged, root, &names);
    Ok(Reply::Payment(id))
}

/// What is kept then; `None` if that is too much.
fn changed(root: &Root, metadata: Option<&MetadataChange>) -> Option<String> {
    match metadata {
        None => Some(root.metadata.clone()),
        Some(change) => (change.merge)(&root.metadata, &change.patch),
    }
}

/// Changes who buys; what of it is another than it was.
fn change_customer(customer: &mut Customer, wanted: &CustomerChange) -> Vec<&'static str> {
    let Customer {
        name,
        email,
        phone,
        locale,
        address,
        tax_id,
    } = customer;
    let members = [
        ("customer.name", name, &wanted.name),
        ("customer.email", email, &wanted.email),
        ("customer.phone", phone, &wanted.phone),
        ("customer.locale", locale, &wanted.locale),
        ("customer.address", address, &wanted.address),
        ("customer.tax_id", tax_id, &wanted.tax_id),
    ];
    let changed = members
        .into_iter()
        .filter_map(|(name, kept, wanted)| change(kept, wanted).then_some(name));
    changed.collect()
}

/// Changes a text; whether it is another than it was.
fn change(kept: &mut Option<String>, wanted: &Option<Option<String>>) -> bool {
    match wanted {
        Some(wanted) if wanted != kept => {
            kept.clone_from(wanted);
            true
        }
        _ => false,
    }
}

/// Notes what was changed by its name alone: the timeline outlives what a customer wants forgotten.
fn record(draft: &mut Draft, kind: EntryKind, root: Root, names: &[&str]) {
    if names.is_empty() {
        return;
    }
    let detail = vec![("changed", text(names.join(", ")))];
    draft.entry(kind, Some(root.id), None, detail);
    draft.put_root(root);
}
