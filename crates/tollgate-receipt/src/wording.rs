//! Every word that we print on a receipt, in its five languages.

use tollgate_core::effect::ReceiptKind;
use tollgate_core::method::MethodKind;

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
    /// The total, on a receipt that is not over all of it.
    pub(super) order_total: &'static str,
    pub(super) paid_before: &'static str,
    /// Before what is still to be paid.
    pub(super) left: &'static str,
    /// Before what is still paid after a refund.
    pub(super) remains: &'static str,
    /// Above what the receipt's own amount is made of.
    pub(super) of_this: &'static str,
    pub(super) goods: &'static str,
    /// Before what is more than the total.
    pub(super) beyond: &'static str,
    pub(super) reason: &'static str,
    /// Before the kind of receipt that is corrected.
    pub(super) corrects: &'static str,
    /// Why money goes back that can buy nothing.
    unfulfilled: &'static str,
    card: &'static str,
    virtual_account: &'static str,
    bank_transfer: &'static str,
    qr: &'static str,
    upi: &'static str,
    wallet: &'static str,
    counter: &'static str,
    pay_later: &'static str,
    cash: &'static str,
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

/// A way to pay, in words: `Virtual account BCA`.
pub fn method_text(locale: Locale, kind: MethodKind, detail: Option<&str>) -> String {
    let words = Words::of(locale);
    let name = match kind {
        MethodKind::Card => words.card,
        MethodKind::VirtualAccount => words.virtual_account,
        MethodKind::BankTransfer => words.bank_transfer,
        MethodKind::Qr => words.qr,
        MethodKind::Upi => words.upi,
        MethodKind::Wallet => words.wallet,
        MethodKind::Counter => words.counter,
        MethodKind::PayLater => words.pay_later,
        MethodKind::Cash => words.cash,
    };
    match detail {
        Some(detail) => format!("{name} {detail}"),
        None => name.to_owned(),
    }
}

/// The title of a receipt.
pub fn title(locale: Locale, kind: ReceiptKind) -> &'static str {
    Words::of(locale).title(kind)
}

/// What a receipt's own amount is called.
pub fn amount_label(locale: Locale, kind: ReceiptKind) -> &'static str {
    Words::of(locale).amount_of(kind)
}

/// Why money goes back that can buy nothing and that no person has ordered back.
pub fn cannot_be_fulfilled(locale: Locale) -> &'static str {
    Words::of(locale).unfulfilled
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
    order_total: "Total pesanan",
    paid_before: "Dibayar sebelumnya",
    left: "Sisa yang harus dibayar",
    remains: "Tetap dibayar",
    of_this: "Dari jumlah ini",
    goods: "Barang atau jasa",
    beyond: "Melebihi total pesanan",
    reason: "Alasan",
    corrects: "Mengoreksi",
    unfulfilled: "Pesanan tidak dapat dipenuhi",
    card: "Kartu",
    virtual_account: "Virtual account",
    bank_transfer: "Transfer bank",
    qr: "Kode QR",
    upi: "UPI",
    wallet: "Dompet digital",
    counter: "Gerai",
    pay_later: "Bayar nanti",
    cash: "Tunai",
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
    order_total: "Total of the order",
    paid_before: "Paid before",
    left: "Left to pay",
    remains: "Remains paid",
    of_this: "Of this amount",
    goods: "Items",
    beyond: "Beyond the order’s total",
    reason: "Reason",
    corrects: "Corrects",
    unfulfilled: "The order cannot be fulfilled",
    card: "Card",
    virtual_account: "Virtual account",
    bank_transfer: "Bank transfer",
    qr: "QR code",
    upi: "UPI",
    wallet: "Wallet",
    counter: "Payment counter",
    pay_later: "Pay later",
    cash: "Cash",
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
    order_total: "סך ההזמנה",
    paid_before: "שולם קודם",
    left: "נותר לתשלום",
    remains: "נותר משולם",
    of_this: "מתוך סכום זה",
    goods: "פריטים",
    beyond: "מעבר לסך ההזמנה",
    reason: "סיבה",
    corrects: "מתקן",
    unfulfilled: "לא ניתן לספק את ההזמנה",
    card: "כרטיס אשראי",
    virtual_account: "חשבון וירטואלי",
    bank_transfer: "העברה בנקאית",
    qr: "קוד QR",
    upi: "UPI",
    wallet: "ארנק דיגיטלי",
    counter: "נקודת תשלום",
    pay_later: "תשלום מאוחר",
    cash: "מזומן",
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
    order_total: "ऑर्डर का कुल योग",
    paid_before: "पहले किया गया भुगतान",
    left: "शेष देय राशि",
    remains: "शेष भुगतान",
    of_this: "इस राशि में से",
    goods: "वस्तुएँ",
    beyond: "ऑर्डर के योग से अधिक",
    reason: "कारण",
    corrects: "सुधार",
    unfulfilled: "ऑर्डर पूरा नहीं किया जा सकता",
    card: "कार्ड",
    virtual_account: "वर्चुअल खाता",
    bank_transfer: "बैंक ट्रांसफ़र",
    qr: "QR कोड",
    upi: "UPI",
    wallet: "वॉलेट",
    counter: "भुगतान काउंटर",
    pay_later: "बाद में भुगतान",
    cash: "नकद",
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
    order_total: "Итого по заказу",
    paid_before: "Оплачено ранее",
    left: "Осталось оплатить",
    remains: "Остаётся оплачено",
    of_this: "В том числе",
    goods: "Товары и услуги",
    beyond: "Сверх суммы заказа",
    reason: "Причина",
    corrects: "Исправляет",
    unfulfilled: "Заказ не может быть выполнен",
    card: "Карта",
    virtual_account: "Виртуальный счёт",
    bank_transfer: "Банковский перевод",
    qr: "QR-код",
    upi: "UPI",
    wallet: "Электронный кошелёк",
    counter: "Пункт оплаты",
    pay_later: "Оплата частями",
    cash: "Наличные",
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Every word there is; one that is added is named here or it does not compile.
    fn all_of(words: &'static Words) -> Vec<(&'static str, &'static str)> {
        macro_rules! named {
            ($($name:ident)*) => {{
                let Words { $($name),* } = words;
                vec![$((stringify!($name), *$name)),*]
            }};
        }
        named!(sale refund reversal number date tax_id customer order original item quantity unit_price amount subtotal discount shipping total tax_included tax_on_top fee paid refunded reversed payment paid_through reference transaction payment_id verify page order_total paid_before left remains of_this goods beyond reason corrects unfulfilled card virtual_account bank_transfer qr upi wallet counter pay_later cash)
    }

    /// What is called the same in English: names that customers know by it.
    const AS_IN_ENGLISH: [(Locale, &str); 8] = [
        (Locale::Id, "virtual_account"),
        (Locale::Id, "quantity"),
        (Locale::Id, "subtotal"),
        (Locale::Id, "total"),
        (Locale::Id, "upi"),
        (Locale::He, "upi"),
        (Locale::Hi, "upi"),
        (Locale::Ru, "upi"),
    ];

    #[test]
    fn every_word_is_in_its_own_language() {
        let is_own = |locale: Locale, letter: char| match locale {
            Locale::En | Locale::Id => letter.is_ascii_alphabetic(),
            Locale::He => matches!(letter, '\u{590}'..='\u{5ff}'),
            Locale::Hi => matches!(letter, '\u{900}'..='\u{97f}'),
            Locale::Ru => matches!(letter, '\u{400}'..='\u{4ff}'),
        };
        let english = all_of(Words::of(Locale::En));
        for locale in Locale::ALL {
            for ((name, word), (_, in_english)) in
                all_of(Words::of(locale)).into_iter().zip(&english)
            {
                let is_same = locale != Locale::En && word == *in_english;
                let may_be = AS_IN_ENGLISH.contains(&(locale, name));
                assert_eq!(is_same, may_be, "{locale:?} {name}: {word}");
                let is_of_it = word.chars().any(|letter| is_own(locale, letter));
                assert!(is_of_it || may_be, "{locale:?} {name}: {word}");
            }
        }
    }

    #[test]
    fn a_way_to_pay_is_told_in_every_language_with_what_is_known_of_it() {
        use tollgate_core::word::Word;

        assert_eq!(
            method_text(Locale::Id, MethodKind::VirtualAccount, Some("BCA")),
            "Virtual account BCA"
        );
        for locale in Locale::ALL {
            let mut seen = std::collections::BTreeSet::new();
            for kind in MethodKind::ALL {
                assert!(
                    seen.insert(method_text(locale, *kind, None)),
                    "{locale:?} {kind:?}"
                );
            }
        }
    }

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
