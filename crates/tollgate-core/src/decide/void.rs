//! Money that is set aside for an order that has ended: it is let go, or shown to a person (L6).
//!
//! What is decided here is a wish: what became of it is `voided`.

use crate::effect::EffectContent;
use crate::id::{EventId, PaymentId};
use crate::order::{AttentionCode, Root};
use crate::payment::MANUAL_SOURCE;
use crate::timeline::EntryKind;

use super::ask::key_part;
use super::attention;
use super::draft::{Draft, text};

/// Lets go of everything that is set aside for an order that ends.
pub(super) fn let_all_go(draft: &mut Draft, root: &mut Root, event: Option<EventId>) {
    let mut set_aside: Vec<(PaymentId, String)> = Vec::new();
    for payment in &root.payments {
        let fold = payment.fold();
        set_aside.extend(
            fold.set_aside()
                .map(|object| (payment.id, object.to_owned())),
        );
    }
    for (payment, object) in set_aside {
        let_go(draft, root, payment, object, event);
    }
}

/// Lets go of what one object sets aside. Where people decide about money, and where the provider would
/// have to call off more than was set aside, attention is raised: then it is true.
pub(super) fn let_go(
    draft: &mut Draft,
    root: &mut Root,
    id: PaymentId,
    object: String,
    event: Option<EventId>,
) -> bool {
    let Some(payment) = root.payment(id) else {
        return false;
    };
    let is_ours = payment.source != MANUAL_SOURCE && !payment.fold().counts();
    if !is_ours || !draft.rules.auto_refund {
        let code = AttentionCode::AuthorizationOpen;
        attention::raise(draft, root, code, Some(id), event);
        return true;
    }
    let source = payment.source.clone();
    let detail = vec![
        ("payment", text(id.to_string())),
        ("source", text(source.as_str())),
        ("reference", text(payment.reference.as_str())),
    ];
    draft.entry(
        EntryKind::PaymentVoidRequested,
        Some(root.id),
        event,
        detail,
    );
    let key = format!("void:{id}:{}", key_part(&object));
    let content = EffectContent::Void {
        payment: id,
        source,
        object,
    };
    draft.effect(key, root.id, Some(root.id), content);
    false
}
