//! Receipts: of orders and payments, by their ids, and for anyone who has a link to one.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::PoisonError;

use tollgate_core::effect::Receipt;
use tollgate_core::id::{PaymentId, ReceiptId, RefundId, ShopId};
use tollgate_core::order::Root;
use tollgate_core::time::Span;
use tollgate_store::{Page, ReceiptFilter, ReceiptPlace, ReceiptRow, Seek};

use super::{App, AppError};
use crate::rate::RateLimit;

/// How often one address may look up receipts: every two seconds, ten at once after a rest.
const LOOKUP_EVERY: Span = Span::seconds(2);
const LOOKUPS_AT_ONCE: u32 = 10;

/// Addresses that are remembered for it.
const ADDRESSES_MAX: usize = 4096;

/// The longest token; ours are shorter.
const TOKEN_BYTES_MAX: usize = 128;

/// The rate at which receipts are looked up without a key.
pub(super) fn lookups() -> RateLimit<IpAddr> {
    RateLimit::new(LOOKUP_EVERY, LOOKUPS_AT_ONCE, ADDRESSES_MAX)
}

/// A receipt as its root has it, and as it was issued if it was.
pub(crate) struct Known {
    /// As its root has it.
    pub(crate) receipt: Receipt,
    /// As it was issued.
    pub(crate) issued: Option<ReceiptRow>,
}

impl App {
    /// A receipt, pending ones too, and its root.
    pub(crate) async fn receipt(
        &self,
        shop: ShopId,
        id: ReceiptId,
    ) -> Result<(Known, Root), AppError> {
        let root = self.inner.store.root(shop, id.root()).await?;
        let root = root.ok_or(AppError::NotFound)?;
        let found = root.receipts.iter().find(|receipt| receipt.id == id);
        let receipt = found.cloned().ok_or(AppError::NotFound)?;
        let known = self.known(shop, receipt).await?;
        Ok((known, root))
    }

    /// A page of the receipts that are issued, the latest first.
    pub(crate) async fn issued_receipts(
        &self,
        shop: ShopId,
        filter: ReceiptFilter,
        seek: Seek<ReceiptPlace>,
    ) -> Result<Page<ReceiptRow, ReceiptPlace>, AppError> {
        Ok(self.inner.store.receipts(shop, filter, seek).await?)
    }

    /// Receipts as they were issued, where they were.
    pub(crate) async fn receipts(
        &self,
        shop: ShopId,
        receipts: Vec<Receipt>,
    ) -> Result<Vec<Known>, AppError> {
        let mut known = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            known.push(self.known(shop, receipt).await?);
        }
        Ok(known)
    }

    async fn known(&self, shop: ShopId, receipt: Receipt) -> Result<Known, AppError> {
        let issued = self.inner.store.receipt(shop, receipt.id).await?;
        Ok(Known { issued, receipt })
    }

    /// The file of a receipt, and what is known of it.
    pub(crate) async fn receipt_pdf(
        &self,
        shop: ShopId,
        receipt: ReceiptId,
    ) -> Result<(Known, Vec<u8>), AppError> {
        let (known, _) = self.receipt(shop, receipt).await?;
        if known.issued.is_none() {
            return Err(AppError::ReceiptPending);
        }
        let pdf = self.inner.store.receipt_pdf(shop, known.receipt.id).await?;
        Ok((known, pdf.ok_or(AppError::NotFound)?))
    }

    /// The receipt with this token, of any shop; the token is the permission.
    pub(crate) async fn receipt_for_anybody(
        &self,
        from: IpAddr,
        token: &str,
    ) -> Result<Option<ReceiptRow>, AppError> {
        if let Err(wait) = self.take_lookup(from) {
            return Err(AppError::TooOften { wait });
        }
        if token.is_empty() || TOKEN_BYTES_MAX < token.len() {
            return Ok(None);
        }
        let found = self.inner.store.receipt_of_token(token.to_owned()).await;
        Ok(found?)
    }

    fn take_lookup(&self, from: IpAddr) -> Result<(), Span> {
        let lookups = self.inner.lookups.lock();
        let mut lookups = lookups.unwrap_or_else(PoisonError::into_inner);
        lookups.take(household(from), self.now()).map(drop)
    }

    /// The refunds of a payment that were asked for here, newest first, and their root.
    pub(crate) async fn refunds(
        &self,
        shop: ShopId,
        payment: PaymentId,
    ) -> Result<(Vec<RefundId>, Root), AppError> {
        let root = self.payment(shop, payment).await?;
        let of_payment = root
            .refunds
            .iter()
            .filter(|refund| refund.payment == payment);
        let mut ids: Vec<RefundId> = of_payment.map(|refund| refund.id).collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        Ok((ids, root))
    }
}

/// The client that an address stands for: of IPv6 each client has a whole /64.
pub(super) fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stands_for_its_household() {
        let of = |text: &str| household(text.parse().expect("it is an address"));
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:203.0.113.9"), of("203.0.113.9"));
        assert_ne!(of("203.0.113.9"), of("203.0.113.8"));
    }
}
