//! The members of closed sets, as people read them. A member without its words does not compile.

use tollgate_core::effect::{EffectKind, EffectState};
use tollgate_core::order::{AttentionCode, OrderStatus};
use tollgate_core::payment::{PaymentStatus, RefundProgress};
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::word::Word;

use super::{Text, texts};

/// How something stands, for whoever only looks at its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// On its way.
    Open,
    /// A person should look.
    Warn,
    /// Wrong.
    Bad,
    /// Over, or of no matter.
    Quiet,
}

impl Tone {
    /// The class of its style.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Open => "open",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
            Tone::Quiet => "quiet",
        }
    }
}

/// A set whose members people read.
pub(crate) trait Shown: Word {
    /// What people read.
    fn shown(self) -> (Text, Tone);
}

/// What people read of a word; a word that this version does not know stands for itself.
pub(crate) fn shown<W: Shown>(word: &str) -> Option<(Text, Tone)> {
    W::of(word).map(Shown::shown)
}

texts! {
    AWAITING_PAYMENT: "awaiting payment", "menunggu pembayaran", "ממתין לתשלום", "भुगतान की प्रतीक्षा", "ожидает оплаты";
    PARTIALLY_PAID: "partly paid", "dibayar sebagian", "שולם בחלקו", "आंशिक भुगतान", "оплачен частично";
    CLOSING: "closing", "sedang ditutup", "בסגירה", "बंद हो रहा है", "закрывается";
    PAID: "paid", "dibayar", "שולם", "भुगतान हुआ", "оплачен";
    COMPLETED: "completed", "selesai", "הושלם", "पूर्ण", "завершён";
    PARTIALLY_REFUNDED: "partly refunded", "dikembalikan sebagian", "הוחזר בחלקו", "आंशिक वापसी", "возвращён частично";
    REFUNDED: "refunded", "dikembalikan", "הוחזר", "वापस किया गया", "возвращён";
    EXPIRED: "expired", "kedaluwarsa", "פג תוקף", "समय समाप्त", "истёк";
    CANCELLED: "cancelled", "dibatalkan", "בוטל", "रद्द", "отменён";
    PENDING: "pending", "tertunda", "ממתין", "लंबित", "ожидает";
    AUTHORIZED: "authorized", "diotorisasi", "אושר", "अधिकृत", "авторизован";
    REVIEW: "in review", "ditinjau", "בבדיקה", "समीक्षा में", "на проверке";
    CHARGED_BACK: "charged back", "chargeback", "הוכחשה עסקה", "चार्जबैक", "чарджбэк";
    FAILED: "failed", "gagal", "נכשל", "विफल", "не прошёл";
    APPLIED: "applied", "diterapkan", "יושם", "लागू", "применено";
    DUPLICATE: "duplicate", "duplikat", "כפול", "दोहराव", "повтор";
    EARLY: "early, waits for its payment", "terlalu awal, menunggu pembayarannya", "הקדים, ממתין לתשלום", "जल्दी आया, भुगतान की प्रतीक्षा", "раннее, ждёт платежа";
    STALE: "stale, changes nothing", "usang, tidak mengubah apa pun", "מיושן, אינו משנה דבר", "पुराना, कुछ नहीं बदलता", "устарело, ничего не меняет";
    QUEUED: "waits for work outside", "menunggu pekerjaan di luar", "ממתין לפעולה חיצונית", "बाहरी कार्य की प्रतीक्षा", "ждёт внешнего действия";
    ATTENTION: "a person must look", "perlu dilihat orang", "נדרשת בדיקה אנושית", "किसी व्यक्ति को देखना है", "нужен человек";
    STORED: "stored", "disimpan", "נשמר", "सहेजा गया", "сохранено";
    REJECTED: "rejected", "ditolak", "נדחה", "अस्वीकृत", "отклонено";
    ORPHAN: "orphan: its payment never came", "yatim: pembayarannya tidak pernah ada", "יתום: התשלום מעולם לא נרשם", "अनाथ: भुगतान कभी नहीं आया", "сирота: платежа так и не было";
    DEAD: "given up", "dihentikan", "הופסק", "छोड़ दिया गया", "прекращено";
    LEASED: "at work", "dikerjakan", "בטיפול", "कार्य में", "в работе";
    STARTED: "begun", "dimulai", "התחיל", "शुरू हुआ", "начато";
    DONE: "done", "selesai", "בוצע", "हो गया", "выполнено";
    UNKNOWN: "not known whether it happened", "tidak diketahui terjadi atau tidak", "לא ידוע אם קרה", "ज्ञात नहीं कि हुआ या नहीं", "неизвестно, случилось ли";
    REQUESTED: "requested", "diminta", "התבקש", "अनुरोधित", "запрошено";
    SENT: "sent to the provider", "dikirim ke penyedia", "נשלח לספק", "प्रदाता को भेजा गया", "отправлено провайдеру";
    SUCCEEDED: "succeeded", "berhasil", "הצליח", "सफल", "успешно";
    RECEIPT: "receipt", "kuitansi", "קבלה", "रसीद", "чек";
    MAIL: "mail", "surel", "דוא״ל", "मेल", "письмо";
    NOTIFY: "webhook to an endpoint", "webhook ke endpoint", "וובהוק לנקודת קצה", "एंडपॉइंट को वेबहुक", "вебхук получателю";
    FORWARD: "event handed on", "peristiwa diteruskan", "אירוע שהועבר הלאה", "आगे भेजी घटना", "пересылка события";
    ASK: "question to the provider", "pertanyaan ke penyedia", "שאלה לספק", "प्रदाता से प्रश्न", "вопрос провайдеру";
    REFUND_CHECK: "question about a refund", "pertanyaan tentang pengembalian", "שאלה על החזר", "वापसी पर प्रश्न", "вопрос о возврате";
    REFUND: "refund", "pengembalian dana", "החזר", "धन-वापसी", "возврат";
    VOID: "money let go", "dana dilepas", "שחרור כספים", "राशि छोड़ी गई", "снятие блокировки";
    AMOUNT_UNREADABLE: "an amount could not be read", "sebuah jumlah tidak terbaca", "סכום שלא ניתן לקרוא", "राशि पढ़ी नहीं जा सकी", "сумма не читается";
    AMOUNT_CHANGED: "one capture, two amounts", "satu penarikan, dua jumlah", "חיוב אחד, שני סכומים", "एक कैप्चर, दो राशियाँ", "одно списание, две суммы";
    CURRENCY_MISMATCH: "money of another currency", "mata uang lain", "מטבע אחר", "दूसरी मुद्रा", "другая валюта";
    MODE_MISMATCH: "test and live mixed", "uji coba dan sungguhan tercampur", "ערבוב בדיקה ואמת", "टेस्ट और लाइव मिले", "смешаны тест и бой";
    OVERPAID: "overpaid", "kelebihan bayar", "תשלום ביתר", "अधिक भुगतान", "переплата";
    DUPLICATE_PAYMENT: "paid twice", "dibayar dua kali", "שולם פעמיים", "दो बार भुगतान", "оплачено дважды";
    PAID_UNFULFILLABLE: "paid, and nothing left to sell", "dibayar, tetapi tak ada lagi yang dijual", "שולם, ואין מה למכור", "भुगतान हुआ, बेचने को कुछ नहीं", "оплачено, а товара нет";
    PARTIALLY_PAID_EXPIRED: "ended with less than was due", "berakhir kurang bayar", "הסתיים בתשלום חסר", "कम भुगतान पर समाप्त", "истёк недоплаченным";
    OVER_REFUNDED: "more went back than came", "pengembalian melebihi yang masuk", "הוחזר יותר משנכנס", "आए से अधिक लौटा", "возвращено больше, чем пришло";
    ORPHAN_REFUND: "refund of what never came", "pengembalian atas yang tak pernah masuk", "החזר על תשלום שלא נכנס", "जो आया नहीं उसकी वापसी", "возврат того, что не приходило";
    REFERENCE_CONFLICT: "its names lead to two payments", "namanya menunjuk dua pembayaran", "שמותיו מובילים לשני תשלומים", "नाम दो भुगतानों पर जाते हैं", "имена ведут к двум платежам";
    UNCONFIRMED: "the provider answers otherwise", "penyedia menjawab lain", "הספק משיב אחרת", "प्रदाता कुछ और कहता है", "провайдер отвечает иначе";
    PAYMENT_REVERSED: "captured money has gone back", "dana tertangkap telah kembali", "כסף שנגבה חזר", "ली गई राशि लौट गई", "списанное вернулось";
    CHARGEBACK: "the customer's bank disputes it", "bank pelanggan menyengketakan", "הבנק של הלקוח חולק", "ग्राहक का बैंक विवाद में", "банк покупателя оспаривает";
    AUTHORIZATION_OPEN: "money still set aside", "dana masih ditahan", "כסף עדיין מוקפא", "राशि अब भी रोकी हुई", "деньги ещё заблокированы";
    TOO_MANY_FACTS: "more facts than are kept", "fakta melebihi batas", "יותר עובדות מהנשמר", "सीमा से अधिक तथ्य", "фактов больше, чем хранится";
}

impl Shown for OrderStatus {
    fn shown(self) -> (Text, Tone) {
        match self {
            OrderStatus::AwaitingPayment => (AWAITING_PAYMENT, Tone::Open),
            OrderStatus::PartiallyPaid => (PARTIALLY_PAID, Tone::Open),
            OrderStatus::Closing => (CLOSING, Tone::Open),
            OrderStatus::Paid => (PAID, Tone::Good),
            OrderStatus::Completed => (COMPLETED, Tone::Good),
            OrderStatus::PartiallyRefunded => (PARTIALLY_REFUNDED, Tone::Quiet),
            OrderStatus::Refunded => (REFUNDED, Tone::Quiet),
            OrderStatus::Expired => (EXPIRED, Tone::Quiet),
            OrderStatus::Cancelled => (CANCELLED, Tone::Quiet),
        }
    }
}

impl Shown for PaymentStatus {
    fn shown(self) -> (Text, Tone) {
        match self {
            PaymentStatus::Pending => (PENDING, Tone::Open),
            PaymentStatus::Authorized => (AUTHORIZED, Tone::Open),
            PaymentStatus::Review => (REVIEW, Tone::Warn),
            PaymentStatus::Paid => (PAID, Tone::Good),
            PaymentStatus::PartiallyRefunded => (PARTIALLY_REFUNDED, Tone::Quiet),
            PaymentStatus::Refunded => (REFUNDED, Tone::Quiet),
            PaymentStatus::ChargedBack => (CHARGED_BACK, Tone::Bad),
            PaymentStatus::Failed => (FAILED, Tone::Quiet),
            PaymentStatus::Expired => (EXPIRED, Tone::Quiet),
            PaymentStatus::Cancelled => (CANCELLED, Tone::Quiet),
        }
    }
}

impl Shown for RefundProgress {
    fn shown(self) -> (Text, Tone) {
        match self {
            RefundProgress::Requested => (REQUESTED, Tone::Open),
            RefundProgress::Sent => (SENT, Tone::Open),
            RefundProgress::Succeeded => (SUCCEEDED, Tone::Good),
            RefundProgress::Failed => (FAILED, Tone::Bad),
            RefundProgress::Unknown => (UNKNOWN, Tone::Warn),
        }
    }
}

impl Shown for EventOutcome {
    fn shown(self) -> (Text, Tone) {
        match self {
            EventOutcome::Applied => (APPLIED, Tone::Good),
            EventOutcome::Duplicate => (DUPLICATE, Tone::Quiet),
            EventOutcome::Parked => (EARLY, Tone::Open),
            EventOutcome::Stale => (STALE, Tone::Quiet),
            EventOutcome::Queued => (QUEUED, Tone::Open),
            EventOutcome::Attention => (ATTENTION, Tone::Warn),
            EventOutcome::Stored => (STORED, Tone::Quiet),
            EventOutcome::Rejected => (REJECTED, Tone::Bad),
        }
    }
}

impl Shown for EventState {
    fn shown(self) -> (Text, Tone) {
        match self {
            EventState::Applied => (APPLIED, Tone::Good),
            EventState::Parked => (EARLY, Tone::Open),
            EventState::Queued => (QUEUED, Tone::Open),
            EventState::Stale => (STALE, Tone::Quiet),
            EventState::Stored => (STORED, Tone::Quiet),
            EventState::Attention => (ATTENTION, Tone::Warn),
            EventState::Orphan => (ORPHAN, Tone::Warn),
            EventState::Dead => (DEAD, Tone::Bad),
        }
    }
}

impl Shown for EffectState {
    fn shown(self) -> (Text, Tone) {
        match self {
            EffectState::Pending => (PENDING, Tone::Open),
            EffectState::Leased => (LEASED, Tone::Open),
            EffectState::Started => (STARTED, Tone::Open),
            EffectState::Done => (DONE, Tone::Good),
            EffectState::Unknown => (UNKNOWN, Tone::Warn),
            EffectState::Dead => (DEAD, Tone::Bad),
        }
    }
}

impl Shown for EffectKind {
    fn shown(self) -> (Text, Tone) {
        let text = match self {
            EffectKind::Receipt => RECEIPT,
            EffectKind::Mail => MAIL,
            EffectKind::Notify => NOTIFY,
            EffectKind::Forward => FORWARD,
            EffectKind::Ask => ASK,
            EffectKind::RefundCheck => REFUND_CHECK,
            EffectKind::RefundRequest | EffectKind::Refund => REFUND,
            EffectKind::Void => VOID,
        };
        (text, Tone::Quiet)
    }
}

impl Shown for AttentionCode {
    fn shown(self) -> (Text, Tone) {
        let text = match self {
            AttentionCode::AmountUnreadable => AMOUNT_UNREADABLE,
            AttentionCode::AmountChanged => AMOUNT_CHANGED,
            AttentionCode::CurrencyMismatch => CURRENCY_MISMATCH,
            AttentionCode::ModeMismatch => MODE_MISMATCH,
            AttentionCode::Overpaid => OVERPAID,
            AttentionCode::DuplicatePayment => DUPLICATE_PAYMENT,
            AttentionCode::PaidUnfulfillable => PAID_UNFULFILLABLE,
            AttentionCode::PartiallyPaidExpired => PARTIALLY_PAID_EXPIRED,
            AttentionCode::OverRefunded => OVER_REFUNDED,
            AttentionCode::OrphanRefund => ORPHAN_REFUND,
            AttentionCode::ReferenceConflict => REFERENCE_CONFLICT,
            AttentionCode::Unconfirmed => UNCONFIRMED,
            AttentionCode::PaymentReversed => PAYMENT_REVERSED,
            AttentionCode::Chargeback => CHARGEBACK,
            AttentionCode::AuthorizationOpen => AUTHORIZATION_OPEN,
            AttentionCode::TooManyFacts => TOO_MANY_FACTS,
        };
        (text, Tone::Warn)
    }
}
