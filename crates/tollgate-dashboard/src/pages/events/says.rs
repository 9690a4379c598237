//! What a fact says of a payment, a refund or a dispute, and how well that is vouched for, as people read it.

use tollgate_core::event::{CaptureState, DisputeState, FactKind, RefundState, Strength};
use tollgate_core::word::Word;

use crate::words::sets::{Shown, Tone};
use crate::words::{Text, texts};

texts! {
    CREATED: "known to the provider", "dikenal penyedia", "ידוע לספק", "प्रदाता को ज्ञात", "известно провайдеру";
    PENDING: "waits for the customer or a bank", "menunggu pelanggan atau bank", "ממתין ללקוח או לבנק", "ग्राहक या बैंक की प्रतीक्षा", "ждёт покупателя или банк";
    REQUIRES_ACTION: "the customer has to do something", "pelanggan harus bertindak", "נדרשת פעולה של הלקוח", "ग्राहक को कुछ करना है", "нужно действие покупателя";
    PROCESSING: "on its way", "sedang diproses", "בתהליך", "प्रक्रिया में", "обрабатывается";
    REVIEW: "the provider looks at the risk", "penyedia menilai risikonya", "הספק בודק סיכון", "प्रदाता जोखिम देख रहा है", "провайдер проверяет риск";
    FAILED: "did not work", "tidak berhasil", "לא הצליח", "विफल", "не получилось";
    DENIED: "refused", "ditolak", "נדחה", "अस्वीकृत", "отказано";
    EXPIRED: "ran out of time", "kehabisan waktu", "פג הזמן", "समय समाप्त", "время вышло";
    CANCELLED: "called off", "dibatalkan", "בוטל", "रद्द", "отменено";
    AUTHORIZED: "money set aside, not taken", "uang ditahan, belum diambil", "כסף הוקפא, לא נגבה", "पैसा रोका गया, लिया नहीं", "деньги заблокированы, не списаны";
    VOIDED: "money set aside was let go", "uang yang ditahan dilepas", "הכסף המוקפא שוחרר", "रोका पैसा छोड़ दिया गया", "блокировка снята";
    CAPTURED: "money taken", "uang diambil", "כסף נגבה", "पैसा लिया गया", "деньги списаны";
    SETTLED: "money taken and paid out", "uang diambil dan disetorkan", "כסף נגבה והועבר", "पैसा लिया और चुकाया गया", "деньги списаны и выплачены";
    REVERSED: "money taken has gone back", "uang yang diambil telah kembali", "כסף שנגבה חזר", "लिया पैसा लौट गया", "списанное вернулось";
    REFUND_REQUESTED: "refund asked for", "pengembalian diminta", "החזר התבקש", "वापसी माँगी गई", "запрошен возврат";
    REFUND_PENDING: "refund on its way", "pengembalian diproses", "החזר בדרך", "वापसी रास्ते में", "возврат в пути";
    REFUND_FAILED: "refund did not work", "pengembalian gagal", "החזר נכשל", "वापसी विफल", "возврат не удался";
    REFUND_SUCCEEDED: "refunded", "dikembalikan", "הוחזר", "वापस किया गया", "возвращено";
    REFUND_REVERSED: "a refund came back", "pengembalian berbalik", "החזר חזר אלינו", "वापसी लौट आई", "возврат вернулся";
    REFUNDED_TOTAL: "refunds up to now come to this", "total pengembalian sampai kini", "סך ההחזרים עד כה", "अब तक की कुल वापसी", "всего возвращено на сейчас";
    DISPUTE_OPEN: "the customer's bank disputes it", "bank pelanggan menyengketakan", "הבנק של הלקוח חולק", "ग्राहक का बैंक विवाद में", "банк покупателя оспаривает";
    DISPUTE_WON: "dispute won", "sengketa dimenangkan", "המחלוקת הוכרעה לטובתנו", "विवाद जीता", "спор выигран";
    DISPUTE_LOST: "dispute lost", "sengketa kalah", "המחלוקת הוכרעה לרעתנו", "विवाद हारा", "спор проигран";
    UNSIGNED: "anybody could have sent it", "bisa dikirim siapa saja", "כל אחד יכול היה לשלוח", "कोई भी भेज सकता था", "мог прислать кто угодно";
    PARTLY_SIGNED: "partly signed", "ditandatangani sebagian", "חתום בחלקו", "आंशिक हस्ताक्षरित", "подписано частично";
    SIGNED: "signed", "ditandatangani", "חתום", "हस्ताक्षरित", "подписано";
    ASKED: "the provider's own answer", "jawaban penyedia sendiri", "תשובת הספק עצמו", "प्रदाता का अपना उत्तर", "ответ самого провайдера";
}

/// What a word of a fact means; a word that this version does not know stands for itself.
pub(crate) fn said(word: &str) -> Option<Text> {
    let captures = CaptureState::ALL
        .iter()
        .map(|state| FactKind::Capture(*state));
    let refunds = RefundState::ALL
        .iter()
        .map(|state| FactKind::Refund(*state));
    let disputes = DisputeState::ALL
        .iter()
        .map(|state| FactKind::Dispute(*state));
    let mut kinds = captures
        .chain(refunds)
        .chain(disputes)
        .chain([FactKind::RefundedTotal]);
    kinds.find(|kind| kind.word() == word).map(text)
}

fn text(kind: FactKind) -> Text {
    match kind {
        FactKind::Capture(state) => match state {
            CaptureState::Created => CREATED,
            CaptureState::Pending => PENDING,
            CaptureState::RequiresAction => REQUIRES_ACTION,
            CaptureState::Processing => PROCESSING,
            CaptureState::Review => REVIEW,
            CaptureState::Failed => FAILED,
            CaptureState::Denied => DENIED,
            CaptureState::Expired => EXPIRED,
            CaptureState::Cancelled => CANCELLED,
            CaptureState::Authorized => AUTHORIZED,
            CaptureState::Voided => VOIDED,
            CaptureState::Captured => CAPTURED,
            CaptureState::Settled => SETTLED,
            CaptureState::Reversed => REVERSED,
        },
        FactKind::Refund(state) => match state {
            RefundState::Requested => REFUND_REQUESTED,
            RefundState::Pending => REFUND_PENDING,
            RefundState::Failed => REFUND_FAILED,
            RefundState::Succeeded => REFUND_SUCCEEDED,
            RefundState::Reversed => REFUND_REVERSED,
        },
        FactKind::RefundedTotal => REFUNDED_TOTAL,
        FactKind::Dispute(state) => match state {
            DisputeState::Open => DISPUTE_OPEN,
            DisputeState::Won => DISPUTE_WON,
            DisputeState::Lost => DISPUTE_LOST,
        },
    }
}

impl Shown for Strength {
    fn shown(self) -> (Text, Tone) {
        match self {
            Strength::Unsigned => (UNSIGNED, Tone::Warn),
            Strength::PartlySigned => (PARTLY_SIGNED, Tone::Quiet),
            Strength::Signed => (SIGNED, Tone::Good),
            Strength::Asked => (ASKED, Tone::Good),
        }
    }
}
