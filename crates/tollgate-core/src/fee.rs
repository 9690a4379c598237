//! What of a payment's money is for what was bought, and what is a fee for the way of paying on top of it.

/// What of so much that is left of a payment pays, where it was for `due` and `fee` came on top.
///
/// What is given back is first what is too much, then the fee, then the goods; where no more than the fee is left,
/// all that was bought has gone. A function of what is left alone, and more left never pays less: so it is all
/// one in which steps money goes back, and in which order they are heard of (L3, L4).
pub(crate) fn bought(left: i64, due: i64, fee: i64) -> i64 {
    if fee <= 0 || left <= 0 {
        left
    } else if due <= left {
        left.saturating_sub(fee).max(due)
    } else if left <= fee {
        0
    } else {
        left
    }
}

#[cfg(test)]
mod tests {
    use super::bought;

    #[test]
    fn more_left_never_pays_less() {
        for (due, fee) in [(100, 5), (5, 100), (5, 5), (0, 5), (100, 0)] {
            let pays: Vec<i64> = (-10..240).map(|left| bought(left, due, fee)).collect();
            assert!(pays.is_sorted(), "{due} and a fee of {fee}: {pays:?}");
        }
    }

    #[test]
    fn first_the_fee_goes_back_and_then_the_goods() {
        for (left, pays) in [
            (130, 125),
            (105, 100),
            (103, 100),
            (100, 100),
            (99, 99),
            (60, 60),
            (6, 6),
            (5, 0),
            (0, 0),
            (-5, -5),
        ] {
            assert_eq!(bought(left, 100, 5), pays, "{left} are left");
        }
    }
}
