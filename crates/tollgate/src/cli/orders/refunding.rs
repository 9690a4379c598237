//! Giving back what was paid: for an order, or for one of its payments.

use serde_json::{Value, json};
use tollgate_core::payment::RefundProgress;
use tollgate_core::word::Word as _;
use tollgate_outbound::remote::Server;

use super::ordered;
use crate::cli::calling::{OnceArgs, call, call_once, quoted, segment};
use crate::cli::columns::money;
use crate::cli::listing::word;
use crate::cli::typing::agreed;

/// What goes back, and why.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RefundArgs {
    /// How much, in minor units; all that can go back if absent.
    #[arg(long, value_name = "MINOR", value_parser = clap::value_parser!(i64).range(1..))]
    amount: Option<i64>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The money has gone back already, by another way: no provider is called.
    #[arg(long)]
    recorded: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    once: OnceArgs,
}

/// The payment of an order that has money to go back; of several none.
pub(super) async fn payment_of(server: &Server, order: &str) -> Result<String, String> {
    let shown = ordered(server, order).await?;
    let payments = shown["payments"].as_array().into_iter().flatten();
    let ids: Vec<String> = payments
        .filter(|payment| 0 < free_of(payment))
        .map(|payment| word(&payment["id"]))
        .collect();
    match ids.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(format!(
            "nothing that was paid for order {order} can go back"
        )),
        several => Err(format!(
            "several payments of order {order} can go back; name one: `tollgate payments refund` with {}",
            several.join(" or ")
        )),
    }
}

/// Orders a refund of a payment, after a person has agreed.
///
/// Where both the amount and the key of the request are named, it is sent without a look at the payment: the same
/// may have been sent before, and how the payment stands now is then no reason to do anything else.
pub(in crate::cli) async fn refund(
    server: &Server,
    payment: &str,
    args: &RefundArgs,
) -> Result<Value, String> {
    let path = format!("/v1/payments/{}", segment(payment));
    let (amount, said) = match args.amount.filter(|_| args.once.is_named()) {
        Some(amount) => (amount, format!("{amount} minor units of payment {payment}")),
        None => looked_at(server, &path, args.amount).await?,
    };
    let how = match args.recorded {
        true => "Record as given back",
        false => "Give back",
    };
    if !args.yes && !agreed(&format!("{how} {said}?"))? {
        return Err("nothing was refunded".to_owned());
    }
    let mut wanted = json!({ "amount": amount, "recorded": args.recorded });
    if let Some(reason) = &args.reason {
        wanted["reason"] = reason.as_str().into();
    }
    let again = again(payment, amount, args);
    let path = format!("{path}/refund");
    call_once(server, &path, &wanted, &args.once, Some(&again)).await
}

/// How much goes back of a payment as it stands now, and that in words.
async fn looked_at(
    server: &Server,
    path: &str,
    amount: Option<i64>,
) -> Result<(i64, String), String> {
    let shown = call(server, "GET", path, None).await?;
    let amount = amount.unwrap_or_else(|| free_of(&shown));
    let (reference, source) = (word(&shown["reference"]), word(&shown["source"]));
    if amount == 0 {
        return Err(format!(
            "nothing of payment {reference} can go back: it is {}",
            word(&shown["status"])
        ));
    }
    let said = money(&amount.into(), &shown["currency"]);
    Ok((amount, format!("{said} of payment {reference} ({source})")))
}

/// The command that sends the same, without its key.
fn again(payment: &str, amount: i64, args: &RefundArgs) -> String {
    let mut again = format!(
        "tollgate payments refund {} --amount {amount}",
        quoted(payment)
    );
    if let Some(reason) = &args.reason {
        again.push_str(&format!(" --reason {}", quoted(reason)));
    }
    if args.recorded {
        again.push_str(" --recorded");
    }
    again
}

/// What of a payment can go back: what came, without what went and what is on its way.
fn free_of(payment: &Value) -> i64 {
    let number = |document: &Value, name: &str| document[name].as_i64().unwrap_or(0);
    let refunds = payment["refunds"].as_array().into_iter().flatten();
    let reserved: i64 = refunds
        .filter(|refund| {
            let state = refund["state"].as_str().and_then(RefundProgress::of);
            state.is_some_and(RefundProgress::reserves)
        })
        .map(|refund| number(refund, "amount"))
        .sum();
    let kept = number(payment, "captured_amount") - number(payment, "refunded_amount");
    (kept - reserved).max(0)
}

/// What became of it.
pub(in crate::cli) fn said(refund: &Value) -> String {
    let amount = money(&refund["amount"], &refund["currency"]);
    let (id, state) = (word(&refund["id"]), word(&refund["state"]));
    format!("refund {id} of {amount} is {state}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: RefundArgs,
    }

    #[test]
    fn what_repeats_a_refund_names_payment_and_amount() {
        use clap::Parser as _;
        for (typed, again_with) in [
            (&[""][..], "--amount 900"),
            (
                &["", "--reason", "it's torn", "--recorded", "--yes"],
                "--amount 900 --reason 'it'\\''s torn' --recorded",
            ),
        ] {
            let line = Line::try_parse_from(typed).expect("it is a line");
            assert_eq!(
                again("pay_1", 900, &line.args),
                format!("tollgate payments refund pay_1 {again_with}")
            );
        }
    }

    #[test]
    fn what_is_on_its_way_back_does_not_go_twice() {
        let payment = |refunds: Value| json!({ "captured_amount": 1_000, "refunded_amount": 100, "refunds": refunds });
        for (refunds, free) in [
            (json!([]), 900),
            (json!([{ "state": "succeeded", "amount": 100 }]), 900),
            (json!([{ "state": "sent", "amount": 300 }]), 600),
            (json!([{ "state": "unknown", "amount": 900 }]), 0),
            (json!([{ "state": "failed", "amount": 900 }]), 900),
        ] {
            assert_eq!(free_of(&payment(refunds.clone())), free, "{refunds}");
        }
    }
}
