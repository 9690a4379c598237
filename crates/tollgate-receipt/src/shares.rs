//! What of an order a receipt is over. Receipts over parts of an order state the discount, the shipping and
//! the taxes of their part: those of what was paid up to and with them, less those of what was paid before. So
//! all receipts together state the order's, to the unit, in whatever parts it was paid and given back.

use super::document::Part;
use super::taxes::{Tax, TaxRate, taxes};

/// Where a receipt stands among the others of its order, in minor units: a running total of what receipts
/// say, sales less refunds less reversals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// What the order comes to.
    pub total: i64,
    /// Before this receipt.
    pub before: i64,
    /// With it.
    pub after: i64,
}

impl Running {
    /// The receipt's taxes: those of what is paid up to and with it, each rounded once, less those before.
    pub fn taxes(self, rates: &[TaxRate]) -> Vec<Tax> {
        let up_to = |figure: i64| taxes(rates, figure.clamp(0, self.total.max(0)));
        let mut taxes = up_to(self.after);
        for (tax, before) in taxes.iter_mut().zip(up_to(self.before)) {
            tax.amount = (tax.amount - before.amount).abs();
        }
        taxes
    }

    /// How the receipt stands in an order with this discount and shipping. The share of the lines is what the
    /// others leave, so that the four together are the receipt's amount.
    pub fn part(self, discount: i64, shipping: i64) -> Part {
        let amount = self.after.saturating_sub(self.before).saturating_abs();
        let within = self.share(self.total);
        let (discount, shipping) = (self.share(discount), self.share(shipping));
        Part {
            before_amount: self.before,
            left_amount: self.total.saturating_sub(self.after.max(0)).max(0),
            lines_amount: within.saturating_add(discount).saturating_sub(shipping),
            discount_amount: discount,
            shipping_amount: shipping,
            beyond_amount: amount.saturating_sub(within),
        }
    }

    /// The part of `whole` that falls between the two figures. Money beyond the total has none.
    fn share(self, whole: i64) -> i64 {
        let up_to = |figure: i64| -> i128 {
            let figure = figure.clamp(0, self.total.max(0));
            match self.total {
                ..=0 => 0,
                total => (i128::from(whole) * i128::from(figure) * 2 + i128::from(total))
                    .div_euclid(2 * i128::from(total)),
            }
        };
        let share = (up_to(self.after) - up_to(self.before)).abs();
        i64::try_from(share).expect("a share is no more than the whole")
    }
}

#[cfg(test)]
mod tests {
    use super::super::taxes::Percent;
    use super::*;

    fn rates() -> [TaxRate; 2] {
        let rate = |name: &str, percent: &str| TaxRate {
            name: name.to_owned(),
            percent: Percent::parse(percent).expect("it is one"),
        };
        [rate("PPN", "11"), rate("PB1", "3.33")]
    }

    /// Taxes, lines, discount, shipping, beyond: over a total of 1000 = 1050 - 133 + 83.
    fn stated(before: i64, after: i64) -> [i64; 6] {
        let running = Running {
            total: 1000,
            before,
            after,
        };
        let taxes = running.taxes(&rates());
        let part = running.part(133, 83);
        [
            taxes[0].amount,
            taxes[1].amount,
            part.lines_amount,
            part.discount_amount,
            part.shipping_amount,
            part.beyond_amount,
        ]
    }

    #[test]
    fn a_part_states_its_share_and_a_refund_what_was_stated() {
        // The base is 1000 / 1.1433: 874.66; 11 % of it are 96.2, 3.33 % are 29.1.
        assert_eq!(stated(0, 1000), [96, 29, 1050, 133, 83, 0]);
        // A third: 32.04, 9.70; 44.29 off, 27.64 for shipping.
        assert_eq!(stated(0, 333), [32, 10, 349, 44, 28, 0]);
        // Up to two thirds: 64.08, 19.40; 88.58, 55.28.
        assert_eq!(stated(333, 666), [32, 9, 351, 45, 27, 0]);
        assert_eq!(stated(666, 1000), [32, 10, 350, 44, 28, 0]);
        assert_eq!(stated(1000, 666), stated(666, 1000));
        // What is beyond the total is of nothing that was sold.
        assert_eq!(stated(1000, 2000), [0, 0, 0, 0, 0, 1000]);
        assert_eq!(stated(900, 1100)[5], 100);
    }

    #[test]
    fn all_receipts_together_state_what_the_order_states() {
        let whole = stated(0, 1000);
        for steps in [
            vec![0, 1, 1000],
            vec![0, 17, 500, 501, 1000],
            vec![0, 1000, 400, 700, 0, 999, 1000],
            vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1000],
        ] {
            let mut sum = [0; 6];
            for pair in steps.windows(2) {
                let stated = stated(pair[0], pair[1]);
                let sign = if pair[0] <= pair[1] { 1 } else { -1 };
                for (sum, one) in sum.iter_mut().zip(stated) {
                    *sum += sign * one;
                }
                let [_, _, lines, discount, shipping, beyond] = stated;
                let amount = (pair[1] - pair[0]).abs();
                assert_eq!(lines - discount + shipping + beyond, amount, "{pair:?}");
            }
            assert_eq!(sum, whole, "{steps:?}");
        }
    }

    /// docs/money.md: 75 000 * 11 / 111 is 7 432.43; a share of the order's rounded 9 910 would be 7 432.5.
    #[test]
    fn a_tax_is_rounded_once() {
        let running = Running {
            total: 100_000,
            before: 100_000,
            after: 75_000,
        };
        let [ppn, _] = rates();
        assert_eq!(running.taxes(&[ppn])[0].amount, 9_910 - 7_432);
    }

    #[test]
    fn what_was_paid_before_and_what_is_left_is_told() {
        let part = |before, after| {
            let running = Running {
                total: 1000,
                before,
                after,
            };
            let part = running.part(0, 0);
            (part.before_amount, part.left_amount)
        };
        assert_eq!(part(0, 400), (0, 600));
        assert_eq!(part(400, 1000), (400, 0));
        assert_eq!(part(1000, 750), (1000, 250));
        assert_eq!(part(400, 1300), (400, 0));
        let nothing = Running {
            total: 0,
            before: 0,
            after: 50,
        };
        assert_eq!(nothing.part(0, 0).beyond_amount, 50);
    }
}
