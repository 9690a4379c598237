//! Every word that we print on a receipt, in its five languages.

use tollgate_core::effect::ReceiptKind;

use super::document::Locale;

/// The words of one language.
pub(super) struct Words {
    sale: &'static str,
    refund: &'static str,
    reversal: &'static str,
    /// Before the receipt's number.
    pub(super) number: &'static str,
    pub(super) date: &'static str,
    /// Before the seller's number at the tax office.
    pub(super) tax_id: &'static str,
    pub(super) customer: &'static str,
    pub(super) order: &'static str,
    /// Before the number of the receipt whose money went back.
    pub(super) original: &'static str,
    pub(super) item: &'static str,
    pub(super) quantity: &'static str,
    pub(super) unit_price: &'static str,
    pub(super) amount: &'static str,
    pub(super) subtotal: &'static str,
    pub(super) discount: &'static str,
    pub(super) shipping: &'static str,
    pub(super) total: &'static str,
    /// A tax, for `{}`, that the total contains.
    tax_included: &'static str,
    /// A tax, for `{}`, that it does not contain.
    tax_on_top: &'static str,
    /// A fee for the way of paying, on top of the total.
    pub(super) fee: &'static str,
    paid: &'static str,
    refunded: &'static str,
    reversed: &'static str,
    pub(super) payment: &'static str,
    /// Before the source.
    pub(super) paid_through: &'static str,
    pub(super) reference: &'static str,
    pub(super) transaction: &'static str,
    pub(super) payment_id: &'static str,
    /// Beside the code.
    pub(super) verify: &'static str,
    /// `{page}` of `{pages}`.
    page: &'static str,
}

impl Words {
    /// The words of a language.
    pub(super) fn of(locale: Locale) -> &'static Words {
        match locale {
            Locale::Id => &INDONESIAN,
            Locale::En => &ENGLISH,
            Locale::He => &HEBREW,
            Locale::Hi => &HINDI,
            Locale::Ru => &RUSSIAN,
        }
    }

    /// The title of the receipt.
    pub(super) fn title(&self, kind: ReceiptKind) -> &'static str {
        match kind {
            ReceiptKind::Sale => self.sale,
            ReceiptKind::Refund => self.refund,
            ReceiptKind::Reversal => self.reversal,
        }
    }

    /// What the receipt's own amount is called.
    pub(super) fn amount_of(&self, kind: ReceiptKind) -> &'static str {
        match kind {
            ReceiptKind::Sale => self.paid,
            ReceiptKind::Refund => self.refunded,
            ReceiptKind::Reversal => self.reversed,
        }
    }

    /// A tax and whether the total contains it.
    pub(super) fn tax(&self, tax: &str, included: bool) -> String {
        let pattern = if included {
            self.tax_included
        } else {
            self.tax_on_top
        };
        pattern.replacen("{}", tax, 1)
    }

    /// Which page of how many.
    pub(super) fn page(&self, page: usize, pages: usize) -> String {
        self.page.replacen("{page}", &page.to_string(), 1).replacen(
            "{pages}",
            &pages.to_string(),
            1,
        )
    }
}

/// What a discount and the shipping are called, for mails that list them as receipts do.
pub fn extras(locale: Locale) -> (&'static str, &'static str) {
    let words = Words::of(locale);
    (words.discount, words.shipping)
}

const INDONESIAN: Words = Words {
    sale: "Kuitansi",
    refund: "Bukti Pengembalian Dana",
    reversal: "Bukti Pembatalan Pembayaran",
    number: "Nomor",
    date: "Tanggal",
    tax_id: "NPWP",
    customer: "Pelanggan",
    order: "Pesanan",
    original: "Kuitansi asal",
    item: "Barang atau jasa",
    quantity: "Qty",
    unit_price: "Harga satuan",
    amount: "Jumlah",
    subtotal: "Subtotal",
    discount: "Diskon",
    shipping: "Ongkos kirim",
    total: "Total",
    tax_included: "Termasuk {}",
    tax_on_top: "{} (di luar total)",
    fee: "Biaya pembayaran",
    paid: "Jumlah dibayar",
    refunded: "Jumlah dikembalikan",
    reversed: "Jumlah dibatalkan",
    payment: "Pembayaran",
    paid_through: "Dibayar melalui",
    reference: "Referensi",
    transaction: "ID transaksi",
    payment_id: "ID pembayaran",
    verify: "Pindai untuk memeriksa keaslian dokumen ini",
    page: "Halaman {page} dari {pages}",
};

const ENGLISH: Words = Words {
    sale: "Receipt",
    refund: "Refund receipt",
    reversal: "Payment reversal",
    number: "Number",
    date: "Date",
    tax_id: "Tax ID",
    customer: "Customer",
    order: "Order",
    original: "Original receipt",
    item: "Item",
    quantity: "Qty",
    unit_price: "Unit price",
    amount: "Amount",
    subtotal: "Subtotal",
    discount: "Discount",
    shipping: "Shipping",
    total: "Total",
    tax_included: "Including {}",
    tax_on_top: "{} (not in the total)",
    fee: "Payment fee",
    paid: "Amount paid",
    refunded: "Amount refunded",
    reversed: "Amount reversed",
    payment: "Payment",
    paid_through: "Paid through",
    reference: "Reference",
    transaction: "Transaction ID",
    payment_id: "Payment ID",
    verify: "Scan to check that this document is genuine",
    page: "Page {page} of {pages}",
};

const HEBREW: Words = Words {
    sale: "קבלה",
    refund: "אישור החזר כספי",
    reversal: "אישור ביטול תשלום",
    number: "מספר",
    date: "תאריך",
    tax_id: "מספר עוסק",
    customer: "לקוח",
    order: "הזמנה",
    original: "קבלה מקורית",
    item: "פריט",
    quantity: "כמות",
    unit_price: "מחיר ליחידה",
    amount: "סכום",
    subtotal: "סכום ביניים",
    discount: "הנחה",
    shipping: "משלוח",
    total: "סך הכול",
    tax_included: "כולל {}",
    tax_on_top: "{} (לא כלול בסך הכול)",
    fee: "עמלת תשלום",
    paid: "הסכום ששולם",
    refunded: "הסכום שהוחזר",
    reversed: "הסכום שבוטל",
    payment: "תשלום",
    paid_through: "שולם באמצעות",
    reference: "אסמכתה",
    transaction: "מזהה עסקה",
    payment_id: "מזהה תשלום",
    verify: "סרקו כדי לבדוק שהמסמך מקורי",
    page: "עמוד {page} מתוך {pages}",
};

const HINDI: Words = Words {
    sale: "रसीद",
    refund: "धनवापसी रसीद",
    reversal: "भुगतान निरस्तीकरण",
    number: "संख्या",
    date: "दिनांक",
    tax_id: "कर पहचान संख्या",
    customer: "ग्राहक",
    order: "ऑर्डर",
    original: "मूल रसीद",
    item: "विवरण",
    quantity: "मात्रा",
    unit_price: "इकाई मूल्य",
    amount: "राशि",
    subtotal: "उप-योग",
    discount: "छूट",
    shipping: "डिलीवरी शुल्क",
    total: "कुल योग",
    tax_included: "{} सहित",
    tax_on_top: "{} (कुल योग में शामिल नहीं)",
    fee: "भुगतान शुल्क",
    paid: "भुगतान की गई राशि",
    refunded: "वापस की गई राशि",
    reversed: "निरस्त की गई राशि",
    payment: "भुगतान",
    paid_through: "भुगतान माध्यम",
    reference: "संदर्भ",
    transaction: "लेन-देन आईडी",
    payment_id: "भुगतान आईडी",
    verify: "दस्तावेज़ की प्रामाणिकता जाँचने के लिए स्कैन करें",
    page: "पृष्ठ {page} / {pages}",
};

const RUSSIAN: Words = Words {
    sale: "Квитанция",
    refund: "Квитанция о возврате",
    reversal: "Отмена платежа",
    number: "Номер",
    date: "Дата",
    tax_id: "ИНН",
    customer: "Покупатель",
    order: "Заказ",
    original: "Исходная квитанция",
    item: "Наименование",
    quantity: "Кол-во",
    unit_price: "Цена",
    amount: "Сумма",
    subtotal: "Подытог",
    discount: "Скидка",
    shipping: "Доставка",
    total: "Итого",
    tax_included: "В том числе {}",
    tax_on_top: "{} (не входит в итог)",
    fee: "Комиссия за оплату",
    paid: "Оплачено",
    refunded: "Возвращено",
    reversed: "Отменено",
    payment: "Оплата",
    paid_through: "Способ оплаты",
    reference: "Номер операции",
    transaction: "ID транзакции",
    payment_id: "ID платежа",
    verify: "Отсканируйте, чтобы проверить подлинность документа",
    page: "Страница {page} из {pages}",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_what_is_put_into_them() {
        for locale in Locale::ALL {
            let words = Words::of(locale);
            for included in [true, false] {
                let text = words.tax("PPN 11%", included);
                assert!(text.contains("PPN 11%") && !text.contains('{'), "{text}");
            }
            assert_ne!(words.tax("T", true), words.tax("T", false));
            let page = words.page(2, 31);
            assert!(
                page.contains('2') && page.contains("31") && !page.contains('{'),
                "{page}"
            );
        }
    }
}
