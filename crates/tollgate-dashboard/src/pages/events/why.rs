//! Why an event stands as it does, and what a person may do about it.

use tollgate_core::snapshot::{EventState, Reason};

use crate::words::{Text, texts};

texts! {
    AMOUNT_UNREADABLE: "Its amount cannot be read exactly, so no money was counted.", "Jumlahnya tidak terbaca dengan tepat, jadi tidak ada uang yang dihitung.", "לא ניתן לקרוא את הסכום במדויק, ולכן לא נספר כסף.", "इसकी राशि ठीक से पढ़ी नहीं जा सकी, इसलिए कोई पैसा नहीं गिना गया।", "Сумма не читается точно, поэтому деньги не учтены.";
    AMOUNT_UNREADABLE_DO: "Look up the amount at the provider and capture the payment by hand.", "Lihat jumlahnya di penyedia lalu catat pembayarannya secara manual.", "יש לבדוק את הסכום אצל הספק ולרשום את התשלום ידנית.", "प्रदाता के यहाँ राशि देखें और भुगतान हाथ से दर्ज करें।", "Посмотрите сумму у провайдера и отметьте платёж вручную.";
    KNOWN_FACT: "Everything it says was known already, as well vouched for.", "Semua yang dikatakannya sudah diketahui, dengan jaminan yang sama.", "כל מה שנאמר בו כבר היה ידוע, ובאותה רמת ודאות.", "इसमें कही हर बात पहले से उतने ही भरोसे से ज्ञात थी।", "Всё, что в нём сказано, уже было известно и подтверждено не хуже.";
    NOTHING_TO_DO: "There is nothing to do.", "Tidak ada yang perlu dilakukan.", "אין צורך לעשות דבר.", "कुछ करने की आवश्यकता नहीं है।", "Делать ничего не нужно.";
    LATE: "It came after what it would have changed: its object is further already.", "Ia datang setelah hal yang akan diubahnya: objeknya sudah lebih jauh.", "הוא הגיע אחרי מה שהיה משנה: האובייקט כבר התקדם.", "यह देर से आया: जिसे यह बदलता, वह आगे बढ़ चुका है।", "Оно пришло позже того, что изменило бы: объект уже продвинулся дальше.";
    NO_NAME: "It names no payment, so nobody can tell whose it is.", "Ia tidak menyebut pembayaran mana pun, jadi tak diketahui miliknya siapa.", "אין בו שם של תשלום, ולכן לא ידוע למי הוא שייך.", "इसमें किसी भुगतान का नाम नहीं है, इसलिए पता नहीं यह किसका है।", "В нём не назван платёж, поэтому неизвестно, чей он.";
    NO_NAME_DO: "Look at its body: if the reference stands elsewhere in it, mend the source in the configuration and replay.", "Lihat isinya: bila referensi ada di tempat lain, perbaiki sumber di konfigurasi lalu ulangi.", "יש לעיין בגוף: אם האסמכתה נמצאת במקום אחר, יש לתקן את המקור בהגדרות ולהריץ שוב.", "इसकी सामग्री देखें: यदि संदर्भ कहीं और है, तो कॉन्फ़िगरेशन में स्रोत ठीक करके फिर चलाएँ।", "Посмотрите тело: если ссылка стоит в другом месте, исправьте источник в настройках и повторите.";
    NO_PAYMENT: "No payment has its reference yet. It waits, and is applied as soon as one is registered.", "Belum ada pembayaran dengan referensinya. Ia menunggu dan diterapkan begitu pembayaran didaftarkan.", "עדיין אין תשלום עם האסמכתה שלו. הוא ממתין ויושם ברגע שיירשם תשלום.", "अभी किसी भुगतान का यह संदर्भ नहीं है। यह प्रतीक्षा में है और भुगतान दर्ज होते ही लागू होगा।", "Платежа с такой ссылкой ещё нет. Событие ждёт и применится, как только платёж зарегистрируют.";
    NO_PAYMENT_DO: "If the shop should know it, register the payment under this reference; if it is another shop's, leave it.", "Bila toko seharusnya mengenalnya, daftarkan pembayaran dengan referensi ini; bila milik toko lain, biarkan.", "אם החנות אמורה להכירו, יש לרשום תשלום באסמכתה זו; אם הוא של חנות אחרת, אפשר להניח לו.", "यदि दुकान को इसका पता होना चाहिए तो इस संदर्भ से भुगतान दर्ज करें; किसी और का हो तो रहने दें।", "Если магазин должен его знать, зарегистрируйте платёж с этой ссылкой; если он чужой, оставьте.";
    OTHER_PAYMENT: "The provider says that it is about another payment than it claims.", "Penyedia mengatakan ini tentang pembayaran lain dari yang diakuinya.", "הספק אומר שמדובר בתשלום אחר מזה שהוא טוען.", "प्रदाता कहता है कि यह बताए गए से अलग भुगतान के बारे में है।", "Провайдер говорит, что речь о другом платеже, не о названном.";
    OTHER_PAYMENT_DO: "Nothing was moved. Often somebody tries to pass one payment off as another: look at the order.", "Tidak ada yang dipindahkan. Mungkin ada yang memakai satu pembayaran untuk pesanan lain: periksa pesanannya.", "דבר לא השתנה. ייתכן שמישהו מנסה להציג תשלום אחד כאחר: יש לבדוק את ההזמנה.", "कुछ नहीं बदला। शायद कोई एक भुगतान को दूसरे का बता रहा है: ऑर्डर देखें।", "Ничего не изменено. Возможно, один платёж выдают за другой: проверьте заказ.";
    PAID_UNFULFILLABLE: "Its order was refused for want of stock or room, and its money was ordered back.", "Pesanannya ditolak karena stok atau tempat habis, dan uangnya diminta kembali.", "ההזמנה נדחתה מחוסר מלאי או מקום, והכסף הוזמן חזרה.", "स्टॉक या जगह न होने से ऑर्डर अस्वीकृत हुआ और पैसा लौटाने को कहा गया।", "Заказ отклонён из-за нехватки товара или места, деньги отправлены обратно.";
    PAID_UNFULFILLABLE_DO: "See that the refund goes through, and tell the customer.", "Pastikan pengembalian berhasil dan beri tahu pelanggan.", "יש לוודא שההחזר בוצע ולהודיע ללקוח.", "देखें कि वापसी पूरी हो और ग्राहक को बताएँ।", "Проследите за возвратом и сообщите покупателю.";
    PARKED_FULL: "As many events as may wait at its reference already.", "Sudah sebanyak batas peristiwa yang menunggu di referensinya.", "כבר ממתינים באסמכתה זו כל האירועים שמותר.", "इस संदर्भ पर जितनी घटनाएँ रुक सकती हैं, रुकी हैं।", "По этой ссылке уже ждёт столько событий, сколько разрешено.";
    PARKED_FULL_DO: "Register the payment, then replay this event.", "Daftarkan pembayarannya, lalu ulangi peristiwa ini.", "יש לרשום את התשלום ואז להריץ שוב אירוע זה.", "भुगतान दर्ज करें, फिर यह घटना फिर चलाएँ।", "Зарегистрируйте платёж, затем повторите это событие.";
    REFERENCE_CONFLICT: "Two of its names lead to two different payments.", "Dua namanya menunjuk ke dua pembayaran berbeda.", "שניים משמותיו מובילים לשני תשלומים שונים.", "इसके दो नाम दो अलग भुगतानों पर जाते हैं।", "Два его имени ведут к двум разным платежам.";
    REFERENCE_CONFLICT_DO: "Look at both payments and find out which one it pays; capture that one by hand.", "Periksa kedua pembayaran, cari yang dibayarnya, lalu catat secara manual.", "יש לבדוק את שני התשלומים, לברר איזה מהם שולם ולרשום אותו ידנית.", "दोनों भुगतान देखें, पता करें कौन सा चुका है और उसे हाथ से दर्ज करें।", "Посмотрите оба платежа, выясните, какой оплачен, и отметьте его вручную.";
    SEE_ORDER: "What it says wants a person at its order.", "Isinya memerlukan perhatian orang pada pesanannya.", "מה שנאמר בו דורש בדיקה אנושית בהזמנה.", "इसमें कही बात के लिए ऑर्डर पर किसी व्यक्ति को देखना होगा।", "Сказанное в нём требует взгляда человека на заказ.";
    SEE_ORDER_DO: "Open the order: it says what is wrong and what can be done.", "Buka pesanan: di sana tertulis apa yang salah dan apa yang bisa dilakukan.", "יש לפתוח את ההזמנה: כתוב בה מה השתבש ומה אפשר לעשות.", "ऑर्डर खोलें: वहाँ लिखा है क्या गलत है और क्या किया जा सकता है।", "Откройте заказ: там сказано, что не так и что можно сделать.";
    TOO_MANY_FACTS: "As many facts as are kept of its payment are known already.", "Fakta tentang pembayarannya sudah sebanyak batas yang disimpan.", "כבר ידועות על התשלום כל העובדות שנשמרות.", "इसके भुगतान के जितने तथ्य रखे जाते हैं, उतने पहले से हैं।", "О платеже уже известно столько фактов, сколько хранится.";
    TOO_MANY_FACTS_DO: "Raise [orders] facts_max in the configuration if this is no mistake, then replay.", "Naikkan [orders] facts_max di konfigurasi bila ini bukan kesalahan, lalu ulangi.", "אם אין זו טעות, יש להגדיל את [orders] facts_max בהגדרות ולהריץ שוב.", "यदि यह गलती नहीं है तो कॉन्फ़िगरेशन में [orders] facts_max बढ़ाएँ और फिर चलाएँ।", "Если это не ошибка, увеличьте [orders] facts_max в настройках и повторите.";
    TOO_MANY_PAYMENTS: "Its order has as many payments as it may have.", "Pesanannya sudah memiliki pembayaran sebanyak batas.", "להזמנה כבר יש כל התשלומים שמותר.", "इसके ऑर्डर में जितने भुगतान हो सकते हैं, हैं।", "У заказа уже столько платежей, сколько может быть.";
    TOO_MANY_PAYMENTS_DO: "Look at the order's payments, and give back what was paid twice.", "Periksa pembayaran pesanan dan kembalikan yang dibayar dua kali.", "יש לבדוק את תשלומי ההזמנה ולהחזיר מה ששולם פעמיים.", "ऑर्डर के भुगतान देखें और जो दो बार दिया गया उसे लौटाएँ।", "Проверьте платежи заказа и верните оплаченное дважды.";
    TOO_MANY_WAIT: "As many unproven reports of this reference as may wait to be asked about.", "Laporan tak terbukti untuk referensi ini yang menunggu ditanyakan sudah mencapai batas.", "ממתינים לבירור כל הדיווחים הבלתי מאומתים שמותר לאסמכתה זו.", "इस संदर्भ की जितनी अप्रमाणित सूचनाएँ पूछे जाने को रुक सकती हैं, रुकी हैं।", "Непроверенных сообщений об этой ссылке ждёт столько, сколько разрешено.";
    TOO_MANY_WAIT_DO: "Somebody may be making them up. Ask the provider about the payment; replay this one later if it was genuine.", "Mungkin ada yang mengarangnya. Tanyakan pembayaran ke penyedia; ulangi nanti bila asli.", "ייתכן שמישהו ממציא אותם. יש לשאול את הספק על התשלום; אם הדיווח אמיתי, להריץ שוב מאוחר יותר.", "हो सकता है कोई इन्हें गढ़ रहा हो। प्रदाता से भुगतान पूछें; असली हो तो बाद में फिर चलाएँ।", "Возможно, их подделывают. Спросите провайдера о платеже; если сообщение подлинное, повторите позже.";
    UNCONFIRMED: "The provider has not confirmed it.", "Penyedia belum mengonfirmasinya.", "הספק לא אישר אותו.", "प्रदाता ने इसकी पुष्टि नहीं की है।", "Провайдер его не подтвердил.";
    UNCONFIRMED_DO: "The questions to the provider stand among the effects. A replay asks once more.", "Pertanyaan ke penyedia ada di daftar efek. Mengulang akan bertanya sekali lagi.", "השאלות לספק מופיעות בין פעולות החוץ. הרצה חוזרת תשאל שוב.", "प्रदाता से पूछे प्रश्न बाहरी कार्यों में हैं। फिर चलाने पर दोबारा पूछा जाएगा।", "Вопросы провайдеру — среди внешних действий. Повтор спросит ещё раз.";
    WEAKER: "Something better vouched for is known.", "Yang diketahui lebih terjamin daripada ini.", "ידוע דבר ודאי יותר.", "इससे अधिक भरोसेमंद बात ज्ञात है।", "Известно нечто более надёжное.";
    IS_APPLIED: "It changed its payment or order.", "Ia mengubah pembayaran atau pesanannya.", "הוא שינה את התשלום או ההזמנה.", "इसने अपना भुगतान या ऑर्डर बदला।", "Оно изменило платёж или заказ.";
    IS_PARKED: "It came before its payment and waits for it.", "Ia datang sebelum pembayarannya dan menunggunya.", "הוא הגיע לפני התשלום וממתין לו.", "यह अपने भुगतान से पहले आया और उसकी प्रतीक्षा में है।", "Оно пришло раньше платежа и ждёт его.";
    IS_QUEUED: "It waits for the provider's confirmation.", "Ia menunggu konfirmasi penyedia.", "הוא ממתין לאישור הספק.", "यह प्रदाता की पुष्टि की प्रतीक्षा में है।", "Оно ждёт подтверждения провайдера.";
    IS_STALE: "It is kept and changes nothing.", "Ia disimpan dan tidak mengubah apa pun.", "הוא נשמר ואינו משנה דבר.", "इसे रखा गया है और यह कुछ नहीं बदलता।", "Оно сохранено и ничего не меняет.";
    IS_STORED: "It is about no payment: it is kept, and handed on where a route wants it.", "Ini bukan tentang pembayaran: disimpan, dan diteruskan bila ada rute untuknya.", "הוא אינו נוגע לתשלום: הוא נשמר, ומועבר הלאה אם יש נתיב עבורו.", "यह किसी भुगतान के बारे में नहीं: इसे रखा गया है और मार्ग हो तो आगे भेजा जाता है।", "Оно не о платеже: сохранено и передаётся дальше, если есть маршрут.";
    IS_ATTENTION: "A person must look.", "Perlu dilihat orang.", "נדרשת בדיקה אנושית.", "किसी व्यक्ति को देखना होगा।", "Нужен человек.";
    IS_ORPHAN: "It has waited long, and its payment never came. It is applied all the same if the payment is registered.", "Ia lama menunggu dan pembayarannya tak pernah ada. Tetap diterapkan bila pembayaran didaftarkan.", "הוא המתין זמן רב והתשלום לא נרשם. אם יירשם, הוא ייושם בכל זאת.", "यह देर तक रुका और भुगतान नहीं आया। भुगतान दर्ज होने पर फिर भी लागू होगा।", "Оно долго ждало, а платежа так и не было. Если его зарегистрируют, событие всё равно применится.";
    IS_DEAD: "It could not be decided: a fault of this program, or of its database.", "Ia tidak dapat diputuskan: kesalahan program ini atau basis datanya.", "לא ניתן היה להחליט לגביו: תקלה בתוכנה זו או במסד הנתונים.", "इस पर निर्णय नहीं हो सका: इस प्रोग्राम या डेटाबेस की गड़बड़ी।", "По нему не удалось принять решение: сбой программы или базы данных.";
    IS_DEAD_DO: "Look at the errors of that time, then replay it.", "Lihat galat pada waktu itu, lalu ulangi.", "יש לעיין בשגיאות מאותו זמן ואז להריץ שוב.", "उस समय की त्रुटियाँ देखें, फिर चलाएँ।", "Посмотрите ошибки того времени, затем повторите.";
}

/// Why it stands so, and what to do; by its reason, or by its state where that says all.
pub(crate) fn why(state: EventState, reason: Option<Reason>) -> (Text, Text) {
    let Some(reason) = reason else {
        return match state {
            EventState::Applied => (IS_APPLIED, NOTHING_TO_DO),
            EventState::Parked => (IS_PARKED, NO_PAYMENT_DO),
            EventState::Queued => (IS_QUEUED, UNCONFIRMED_DO),
            EventState::Stale => (IS_STALE, NOTHING_TO_DO),
            EventState::Stored => (IS_STORED, NOTHING_TO_DO),
            EventState::Attention => (IS_ATTENTION, SEE_ORDER_DO),
            EventState::Orphan => (IS_ORPHAN, NO_PAYMENT_DO),
            EventState::Dead => (IS_DEAD, IS_DEAD_DO),
        };
    };
    match reason {
        Reason::AmountUnreadable => (AMOUNT_UNREADABLE, AMOUNT_UNREADABLE_DO),
        Reason::KnownFact => (KNOWN_FACT, NOTHING_TO_DO),
        Reason::Late => (LATE, NOTHING_TO_DO),
        Reason::NoName => (NO_NAME, NO_NAME_DO),
        // An orphan still says that there is no payment; that it has waited in vain says more.
        Reason::NoPayment if state == EventState::Orphan => (IS_ORPHAN, NO_PAYMENT_DO),
        Reason::NoPayment => (NO_PAYMENT, NO_PAYMENT_DO),
        Reason::OtherPayment => (OTHER_PAYMENT, OTHER_PAYMENT_DO),
        Reason::PaidUnfulfillable => (PAID_UNFULFILLABLE, PAID_UNFULFILLABLE_DO),
        Reason::ParkedFull => (PARKED_FULL, PARKED_FULL_DO),
        Reason::ReferenceConflict => (REFERENCE_CONFLICT, REFERENCE_CONFLICT_DO),
        Reason::SeeOrder => (SEE_ORDER, SEE_ORDER_DO),
        Reason::TooManyFacts => (TOO_MANY_FACTS, TOO_MANY_FACTS_DO),
        Reason::TooManyPayments => (TOO_MANY_PAYMENTS, TOO_MANY_PAYMENTS_DO),
        Reason::TooManyWait => (TOO_MANY_WAIT, TOO_MANY_WAIT_DO),
        Reason::Unconfirmed => (UNCONFIRMED, UNCONFIRMED_DO),
        Reason::Weaker => (WEAKER, NOTHING_TO_DO),
    }
}
