//! What pages say about payments.

use tollgate_core::effect::ReceiptKind;
use tollgate_core::event::Strength;
use tollgate_core::method::MethodKind;

use crate::words::{Text, texts};

texts! {
    ORDER: "Order", "Pesanan", "הזמנה", "ऑर्डर", "Заказ";
    DUE: "Due", "Tagihan", "לתשלום", "देय", "К оплате";
    CAPTURED: "Came", "Masuk", "נכנס", "आया", "Пришло";
    REFUNDED: "Went back", "Kembali", "הוחזר", "लौटा", "Возвращено";
    ON_ITS_WAY_BACK: "On its way back", "Sedang dikembalikan", "בדרך חזרה", "लौट रहा है", "В пути обратно";
    CAN_GO_BACK: "Can go back", "Dapat dikembalikan", "ניתן להחזיר", "लौटाया जा सकता है", "Можно вернуть";
    FEE: "Fee on top", "Biaya tambahan", "עמלה נוספת", "ऊपर से शुल्क", "Комиссия сверху";
    METHOD: "Paid by", "Dibayar dengan", "אמצעי תשלום", "भुगतान का तरीका", "Способ оплаты";
    AT_PROVIDER: "Id at the provider", "Id di penyedia", "מזהה אצל הספק", "प्रदाता की आईडी", "Номер у провайдера";
    ENDS: "Ends", "Berakhir", "מסתיים", "समाप्त होता है", "Истекает";
    REFUNDS: "Refunds", "Pengembalian dana", "החזרים", "वापसियाँ", "Возвраты";
    RECEIPTS: "Receipts", "Kuitansi", "קבלות", "रसीदें", "Чеки";
    NUMBER: "Number", "Nomor", "מספר", "संख्या", "Номер";
    KIND: "Kind", "Jenis", "סוג", "प्रकार", "Вид";
    SALE: "sale", "penjualan", "מכירה", "बिक्री", "продажа";
    REFUND_PAPER: "refund", "pengembalian", "החזר", "वापसी", "возврат";
    REVERSAL: "reversal", "pembatalan dana", "ביטול חיוב", "उलटाव", "отзыв";
    NOT_ISSUED: "not issued yet", "belum terbit", "טרם הונפקה", "अभी जारी नहीं", "ещё не выдан";
    OPEN_PDF: "PDF", "PDF", "PDF", "PDF", "PDF";
    ORDERED_BY: "Ordered by", "Diminta oleh", "הורה עליו", "किसने कराया", "Кем заказан";
    FACTS: "What the provider says", "Kata penyedia", "מה אומר הספק", "प्रदाता क्या कहता है", "Что говорит провайдер";
    FACTS_ABOUT: "The status is the sum of these, in whatever order they came.", "Status adalah hasil dari semua ini, dalam urutan apa pun datangnya.", "המצב הוא סיכום של אלה, בכל סדר שהגיעו.", "स्थिति इन सबका योग है, चाहे जिस क्रम में आए हों।", "Статус складывается из этого, в каком бы порядке оно ни пришло.";
    OBJECT: "Object", "Objek", "אובייקט", "वस्तु", "Объект";
    SAYS: "Says", "Isi", "אומר", "कहता है", "Говорит";
    KNOWN_BY: "Known by", "Diketahui dari", "ידוע מתוך", "कैसे ज्ञात", "Откуда известно";
    METADATA: "Metadata", "Metadata", "נתונים נלווים", "मेटाडेटा", "Метаданные";
    CARD: "card", "kartu", "כרטיס", "कार्ड", "карта";
    VIRTUAL_ACCOUNT: "virtual account", "virtual account", "חשבון וירטואלי", "वर्चुअल खाता", "виртуальный счёт";
    BANK_TRANSFER: "bank transfer", "transfer bank", "העברה בנקאית", "बैंक ट्रांसफ़र", "банковский перевод";
    QR: "QR code", "kode QR", "קוד QR", "QR कोड", "QR-код";
    UPI: "UPI", "UPI", "UPI", "UPI", "UPI";
    WALLET: "wallet", "dompet digital", "ארנק", "वॉलेट", "кошелёк";
    COUNTER: "cash at a counter", "tunai di gerai", "מזומן בדלפק", "काउंटर पर नकद", "наличные в пункте";
    PAY_LATER: "pay later", "bayar nanti", "תשלום מאוחר", "बाद में भुगतान", "оплата позже";
    CASH: "cash", "tunai", "מזומן", "नकद", "наличные";
    UNSIGNED: "unsigned: anybody could have sent it", "tanpa tanda tangan: siapa pun bisa mengirimnya", "לא חתום: כל אחד יכול היה לשלוח", "बिना हस्ताक्षर: कोई भी भेज सकता था", "без подписи: мог прислать кто угодно";
    PARTLY_SIGNED: "partly signed", "ditandatangani sebagian", "חתום בחלקו", "आंशिक हस्ताक्षरित", "подписано частично";
    SIGNED: "signed", "ditandatangani", "חתום", "हस्ताक्षरित", "подписано";
    ASKED: "the provider's own answer", "jawaban penyedia sendiri", "תשובת הספק עצמו", "प्रदाता का अपना उत्तर", "ответ самого провайдера";
    MERCHANT: "the shop", "toko", "החנות", "दुकान", "магазин";
    TOLLGATE: "Tollgate", "Tollgate", "Tollgate", "Tollgate", "Tollgate";

    CHECK: "Check at the provider", "Periksa di penyedia", "בדיקה אצל הספק", "प्रदाता के यहाँ जाँचें", "Проверить у провайдера";
    CHECK_ABOUT: "Asks {} now how payment {} stands. Its answer counts like a webhook: what it says is applied, and receipts follow. It takes up to ten seconds.", "Menanyakan {} sekarang tentang pembayaran {}. Jawabannya dihitung seperti webhook: diterapkan, lalu kuitansi menyusul. Paling lama sepuluh detik.", "שואל עכשיו את {} על תשלום {}. תשובתו נחשבת כוובהוק: היא מיושמת וקבלות באות אחריה. עד עשר שניות.", "{} से अभी भुगतान {} की स्थिति पूछता है। उत्तर वेबहुक की तरह गिना जाता है: लागू होता है और रसीदें बनती हैं। दस सेकंड तक लगते हैं।", "Спрашивает {} сейчас о платеже {}. Ответ считается как вебхук: применяется, затем чеки. До десяти секунд.";
    CHECK_DONE: "The provider has answered; what it said is applied.", "Penyedia menjawab; isinya diterapkan.", "הספק השיב; מה שאמר יושם.", "प्रदाता ने उत्तर दिया; वह लागू हुआ।", "Провайдер ответил; сказанное применено.";
    CHECK_PENDING: "The provider said nothing decisive. It is asked again by itself.", "Penyedia tidak memberi jawaban pasti. Akan ditanya lagi secara otomatis.", "הספק לא אמר דבר מכריע. הוא יישאל שוב מעצמו.", "प्रदाता ने कुछ निर्णायक नहीं कहा। अपने आप फिर पूछा जाएगा।", "Провайдер не сказал ничего определённого. Он будет спрошен снова сам.";
    CHECK_DEAD: "The provider could not be asked. Look at the effects below for why.", "Penyedia tidak dapat ditanya. Lihat efek di bawah untuk sebabnya.", "לא ניתן היה לשאול את הספק. הסיבה בפעולות החוץ שלמטה.", "प्रदाता से पूछा नहीं जा सका। कारण नीचे के बाहरी कार्यों में देखें।", "Провайдера не удалось спросить. Причина — во внешних действиях ниже.";

    CAPTURE: "Record money by hand", "Catat uang secara manual", "רישום כסף ידני", "पैसा हाथ से दर्ज करें", "Записать деньги вручную";
    CAPTURE_ABOUT: "Records that money came for payment {}: {} of {} have not come. What is due then counts as paid and its goods as sold. Each record is money of its own.", "Mencatat uang masuk untuk pembayaran {}: {} dari {} belum masuk. Yang lunas dihitung dibayar dan barangnya terjual. Setiap catatan adalah uang tersendiri.", "רושם שנכנס כסף לתשלום {}: {} מתוך {} טרם נכנסו. מה שנפרע ייחשב כשולם וסחורתו כנמכרה. כל רישום הוא כסף נפרד.", "भुगतान {} का पैसा आया, यह दर्ज करता है: {} नहीं आया, कुल {} में से। देय पूरा होते ही भुगतान और बिक्री मानी जाती है। हर प्रविष्टि अलग पैसा है।", "Записывает приход по платежу {}: {} из {} не пришло. Оплаченное считается проданным. Каждая запись — отдельные деньги.";
    CAPTURE_NOTE: "How it came: cash, bank transfer: BCA", "Cara masuk: cash, bank transfer: BCA", "כיצד נכנס: cash, bank transfer: BCA", "कैसे आया: cash, bank transfer: BCA", "Как пришло: cash, bank transfer: BCA";
    CAPTURE_DONE: "The money is recorded.", "Uang tercatat.", "הכסף נרשם.", "पैसा दर्ज हुआ।", "Деньги записаны.";

    REFUND: "Refund", "Kembalikan dana", "החזר כספי", "पैसा लौटाएँ", "Вернуть деньги";
    REFUND_ABOUT: "Up to {} of the {} that came goes back to {} by {}. The amount is set aside at once; the provider is then told once, and a receipt over it follows.", "Hingga {} dari {} yang masuk dikembalikan ke {} lewat {}. Jumlahnya langsung disisihkan; penyedia diberi tahu sekali, lalu kuitansinya menyusul.", "עד {} מתוך {} שנכנסו יחזרו אל {} דרך {}. הסכום משוריין מיד; הספק מקבל הוראה פעם אחת, וקבלה באה אחריה.", "अधिकतम {} (आए {} में से) {} को {} के ज़रिये लौटेगा। राशि तुरंत अलग रखी जाती है; प्रदाता को एक बार कहा जाता है, फिर रसीद बनती है।", "До {} из {} пришедших вернётся: {}, через {}. Сумма сразу резервируется; провайдеру говорят один раз, затем выдаётся чек.";
    REFUND_ABOUT_MANUAL: "Up to {} of the {} that came is recorded as given back to {}. No provider is called: hand the money over yourself. A receipt over it follows.", "Hingga {} dari {} yang masuk dicatat telah dikembalikan ke {}. Tidak ada penyedia yang dipanggil: serahkan uangnya sendiri. Kuitansinya menyusul.", "עד {} מתוך {} שנכנסו יירשמו כמוחזרים אל {}. אין פנייה לספק: יש למסור את הכסף בעצמך. קבלה באה אחריה.", "अधिकतम {} (आए {} में से) {} को लौटाया दर्ज होगा। किसी प्रदाता को नहीं कहा जाता: पैसा स्वयं दें। फिर रसीद बनती है।", "До {} из {} пришедших будет записано возвращённым: {}. Провайдера не вызывают: отдайте деньги сами. Затем выдаётся чек.";
    THE_CUSTOMER: "the customer", "pelanggan", "הלקוח", "ग्राहक", "покупателю";
    REFUND_AMOUNT: "Amount in {}", "Jumlah dalam {}", "סכום ב־{}", "राशि, {} में", "Сумма в {}";
    REFUND_RECORDED: "The money has gone back already, by another way: tell no provider", "Uang sudah dikembalikan dengan cara lain: jangan hubungi penyedia", "הכסף כבר הוחזר בדרך אחרת: לא לפנות לספק", "पैसा दूसरे तरीके से लौट चुका: प्रदाता को न कहें", "Деньги уже возвращены иначе: провайдеру не говорить";
    REFUND_SLOT: "The order gives its slot back", "Pesanan melepas slotnya", "ההזמנה מוותרת על המשבצת", "ऑर्डर अपना स्लॉट छोड़ता है", "Заказ освобождает слот";
    RESTOCK: "Back into stock: {} (of {})", "Kembali ke stok: {} (dari {})", "חזרה למלאי: {} (מתוך {})", "स्टॉक में वापस: {} ({} में से)", "Обратно на склад: {} (из {})";
    REFUND_DONE: "The refund is ordered.", "Pengembalian dipesan.", "ההחזר הוזמן.", "वापसी का आदेश हुआ।", "Возврат заказан.";
    REFUND_DONE_ALREADY: "The refund is recorded.", "Pengembalian tercatat.", "ההחזר נרשם.", "वापसी दर्ज हुई।", "Возврат записан.";
    AMOUNT_UNREADABLE: "The amount could not be read", "Jumlah tidak terbaca", "לא ניתן לקרוא את הסכום", "राशि पढ़ी नहीं जा सकी", "Сумму не удалось прочитать";
    AMOUNT_UNREADABLE_ABOUT: "Write it like {}, in {}. Nothing was changed.", "Tulis seperti {}, dalam {}. Tidak ada yang berubah.", "יש לכתוב כמו {}, ב־{}. דבר לא השתנה.", "इसे {} की तरह लिखें, {} में। कुछ नहीं बदला।", "Напишите как {}, в {}. Ничего не изменено.";
    UNITS_UNREADABLE: "The number of units could not be read", "Jumlah unit tidak terbaca", "לא ניתן לקרוא את מספר היחידות", "इकाइयों की संख्या पढ़ी नहीं जा सकी", "Число единиц не удалось прочитать";
    UNITS_UNREADABLE_ABOUT: "Write whole units of {}, or leave the field empty. Nothing was changed.", "Tulis unit utuh {}, atau kosongkan. Tidak ada yang berubah.", "יש לכתוב יחידות שלמות של {}, או להשאיר ריק. דבר לא השתנה.", "{} की पूरी इकाइयाँ लिखें, या खाली छोड़ें। कुछ नहीं बदला।", "Напишите целое число единиц {} или оставьте пустым. Ничего не изменено.";

    CORRECT: "Correct receipts", "Perbaiki kuitansi", "תיקון קבלות", "रसीदें सुधारें", "Исправить чеки";
    CORRECT_ABOUT: "Issues the receipts that the ledger of this payment lacks. Where the receipts say what the ledger says, nothing happens. A receipt once issued is never changed.", "Menerbitkan kuitansi yang kurang menurut buku pembayaran ini. Jika kuitansi sudah sesuai, tidak terjadi apa-apa. Kuitansi yang terbit tak pernah diubah.", "מנפיק את הקבלות שחסרות לפי ספר התשלום. אם הקבלות תואמות, לא קורה דבר. קבלה שהונפקה לעולם אינה משתנה.", "इस भुगतान के खाते में जो रसीदें कम हैं उन्हें जारी करता है। मेल हो तो कुछ नहीं होता। जारी रसीद कभी नहीं बदलती।", "Выдаёт чеки, которых не хватает по учёту платежа. Если всё сходится, ничего не происходит. Выданный чек не меняется.";
    CORRECT_DONE: "The receipts say what the ledger says; what lacked is on its way.", "Kuitansi sesuai buku; yang kurang sedang dibuat.", "הקבלות תואמות לספר; מה שחסר בדרך.", "रसीदें खाते के अनुसार हैं; जो कम थी वह बन रही है।", "Чеки соответствуют учёту; недостающее готовится.";
}

/// How money came, as people read it.
pub(crate) fn method(kind: MethodKind) -> Text {
    match kind {
        MethodKind::Card => CARD,
        MethodKind::VirtualAccount => VIRTUAL_ACCOUNT,
        MethodKind::BankTransfer => BANK_TRANSFER,
        MethodKind::Qr => QR,
        MethodKind::Upi => UPI,
        MethodKind::Wallet => WALLET,
        MethodKind::Counter => COUNTER,
        MethodKind::PayLater => PAY_LATER,
        MethodKind::Cash => CASH,
    }
}

/// How well a fact is known, as people read it.
pub(crate) fn strength(strength: Strength) -> Text {
    match strength {
        Strength::Unsigned => UNSIGNED,
        Strength::PartlySigned => PARTLY_SIGNED,
        Strength::Signed => SIGNED,
        Strength::Asked => ASKED,
    }
}

/// What a receipt is for, as people read it.
pub(crate) fn receipt_kind(kind: ReceiptKind) -> Text {
    match kind {
        ReceiptKind::Sale => SALE,
        ReceiptKind::Refund => REFUND_PAPER,
        ReceiptKind::Reversal => REVERSAL,
    }
}
