//! What a person must look at: what each code means, and what to do about it (docs/money.md, "What a person does").

use maud::{Markup, html};
use tollgate_core::order::AttentionCode;
use tollgate_core::word::Word;

use crate::parts::{ActionForm, Field, Input, badge, code as plain_code};
use crate::visit::Visit;
use crate::words::{Text, common, texts};

texts! {
    OPEN: "Needs a person", "Perlu ditangani orang", "דורש טיפול אנושי", "किसी व्यक्ति की ज़रूरत", "Нужен человек";
    RESOLVE: "Mark as resolved", "Tandai selesai", "סימון כטופל", "हल हुआ चिह्नित करें", "Отметить решённым";
    RESOLVE_ABOUT: "This only says that somebody has looked: it moves no money and no goods. More of the same opens it again.", "Ini hanya mencatat bahwa seseorang sudah memeriksa: tidak ada uang atau barang yang bergerak. Jika terjadi lagi, terbuka kembali.", "זה רק רושם שמישהו בדק: שום כסף או סחורה אינם זזים. אם יקרה שוב, ייפתח מחדש.", "यह केवल दर्ज करता है कि किसी ने देख लिया: न पैसा चलता है, न सामान। फिर हुआ तो दोबारा खुलेगा।", "Это лишь отмечает, что кто-то посмотрел: деньги и товар не движутся. Если повторится, откроется снова.";
    RESOLVED: "Marked as resolved.", "Ditandai selesai.", "סומן כטופל.", "हल हुआ चिह्नित किया गया।", "Отмечено решённым.";
    DO_AMOUNT_UNREADABLE: "Money came or went back and it is not known how much. Look it up at the provider; check there again, or record it by hand.", "Uang masuk atau kembali, jumlahnya tidak diketahui. Lihat di penyedia; tanyakan lagi, atau catat secara manual.", "כסף נכנס או חזר ולא ידוע כמה. יש לבדוק אצל הספק; לשאול שוב, או לרשום ידנית.", "पैसा आया या लौटा, कितना यह ज्ञात नहीं। प्रदाता के यहाँ देखें; फिर पूछें, या हाथ से दर्ज करें।", "Деньги пришли или ушли, но сколько — неизвестно. Посмотрите у провайдера; спросите снова или запишите вручную.";
    DO_AMOUNT_CHANGED: "One capture was reported with two amounts; the better proved one counts. Compare it with the provider's statement.", "Satu penarikan dilaporkan dengan dua jumlah; yang lebih terbukti yang dihitung. Bandingkan dengan laporan penyedia.", "חיוב אחד דווח בשני סכומים; המוכח יותר נחשב. יש להשוות לדוח הספק.", "एक कैप्चर दो राशियों के साथ बताया गया; बेहतर प्रमाणित गिना जाता है। प्रदाता के विवरण से मिलाएँ।", "Об одном списании сообщили две суммы; считается лучше доказанная. Сверьте с выпиской провайдера.";
    DO_CURRENCY_MISMATCH: "Money of another currency came. It was not counted; if it is real, give it back at the provider.", "Uang dalam mata uang lain masuk. Tidak dihitung; jika nyata, kembalikan di penyedia.", "נכנס כסף במטבע אחר. הוא לא נספר; אם הוא אמיתי, יש להחזירו אצל הספק.", "दूसरी मुद्रा का पैसा आया। गिना नहीं गया; असली हो तो प्रदाता के यहाँ लौटाएँ।", "Пришли деньги в другой валюте. Они не учтены; если настоящие, верните их у провайдера.";
    DO_MODE_MISMATCH: "Test and live were mixed: nothing was counted. Check the source's keys and its setting live.", "Uji coba dan sungguhan tercampur: tidak ada yang dihitung. Periksa kunci sumber dan setelan live.", "בדיקה ואמת עורבבו: דבר לא נספר. יש לבדוק את מפתחות המקור ואת ההגדרה live.", "टेस्ट और लाइव मिल गए: कुछ गिना नहीं गया। स्रोत की कुंजियाँ और सेटिंग live जाँचें।", "Смешаны тест и бой: ничего не учтено. Проверьте ключи источника и его настройку live.";
    DO_OVERPAID: "More is kept than is due. Refund what is beyond.", "Yang disimpan melebihi yang harus dibayar. Kembalikan kelebihannya.", "מוחזק יותר מהנדרש. יש להחזיר את העודף.", "देय से अधिक रखा है। अतिरिक्त लौटाएँ।", "Удержано больше, чем причитается. Верните лишнее.";
    DO_DUPLICATE_PAYMENT: "One capture is superfluous, or came after all had gone back. Refund that one, or sell again.", "Satu penarikan berlebih, atau masuk setelah semuanya dikembalikan. Kembalikan yang itu, atau jual lagi.", "חיוב אחד מיותר, או נכנס אחרי שהכול הוחזר. יש להחזיר אותו, או למכור שוב.", "एक कैप्चर अतिरिक्त है, या सब लौटने के बाद आया। उसे लौटाएँ, या फिर बेचें।", "Одно списание лишнее или пришло после полного возврата. Верните его или продайте снова.";
    DO_PAID_UNFULFILLABLE: "It is paid and there is nothing left to sell. See below that the refund has gone through; else order it, or make room.", "Sudah dibayar tetapi tak ada lagi yang dijual. Pastikan di bawah pengembaliannya berhasil; jika tidak, pesan, atau sediakan tempat.", "שולם ואין מה למכור. יש לוודא למטה שההחזר עבר; אם לא, להורות עליו או לפנות מקום.", "भुगतान हुआ पर बेचने को कुछ नहीं। नीचे देखें कि वापसी हो गई; नहीं तो कराएँ, या जगह बनाएँ।", "Оплачено, а продать нечего. Проверьте ниже, что возврат прошёл; иначе закажите его или освободите место.";
    DO_PARTIALLY_PAID_EXPIRED: "The order has ended with part of its money. Refund it, or make a new order.", "Pesanan berakhir dengan sebagian uang. Kembalikan, atau buat pesanan baru.", "ההזמנה הסתיימה עם חלק מהכסף. יש להחזירו, או לפתוח הזמנה חדשה.", "ऑर्डर आंशिक पैसे के साथ समाप्त हुआ। लौटाएँ, या नया ऑर्डर बनाएँ।", "Заказ закончился с частью денег. Верните их или создайте новый заказ.";
    DO_OVER_REFUNDED: "More went back than came. Ask the provider.", "Yang kembali melebihi yang masuk. Tanyakan ke penyedia.", "חזר יותר משנכנס. יש לשאול את הספק.", "आए से अधिक लौटा। प्रदाता से पूछें।", "Возвращено больше, чем пришло. Спросите провайдера.";
    DO_ORPHAN_REFUND: "A refund came of money that never came. Ask the provider.", "Ada pengembalian atas uang yang tak pernah masuk. Tanyakan ke penyedia.", "הגיע החזר על כסף שלא נכנס. יש לשאול את הספק.", "जो पैसा आया ही नहीं उसकी वापसी आई। प्रदाता से पूछें।", "Пришёл возврат денег, которых не было. Спросите провайдера.";
    DO_REFERENCE_CONFLICT: "Two payments answer to one name. See at the provider whose money it is.", "Dua pembayaran memakai satu nama. Lihat di penyedia itu uang siapa.", "שני תשלומים נושאים שם אחד. יש לבדוק אצל הספק של מי הכסף.", "दो भुगतानों का एक नाम है। प्रदाता के यहाँ देखें पैसा किसका है।", "Два платежа с одним именем. Узнайте у провайдера, чьи это деньги.";
    DO_UNCONFIRMED: "The provider does not confirm what it sent. Look it up there before anything is handed over.", "Penyedia tidak mengonfirmasi yang dikirimnya. Periksa di sana sebelum menyerahkan apa pun.", "הספק אינו מאשר את ששלח. יש לבדוק אצלו לפני שמוסרים דבר.", "प्रदाता अपने भेजे की पुष्टि नहीं करता। कुछ सौंपने से पहले वहाँ जाँचें।", "Провайдер не подтверждает присланное. Проверьте у него, прежде чем что-либо отдавать.";
    DO_PAYMENT_REVERSED: "Money that had come has gone without a refund. Ask for it again, or take the goods back.", "Uang yang sudah masuk hilang tanpa pengembalian. Tagih lagi, atau tarik barangnya.", "כסף שנכנס הלך ללא החזר. יש לבקש אותו שוב, או לקחת את הסחורה.", "आया पैसा बिना वापसी चला गया। फिर माँगें, या सामान वापस लें।", "Пришедшие деньги ушли без возврата. Запросите их снова или заберите товар.";
    DO_CHARGEBACK: "The customer's bank disputes the payment. Answer it at the provider, and refund nothing meanwhile.", "Bank pelanggan menyengketakan pembayaran. Jawab di penyedia, jangan kembalikan apa pun dulu.", "הבנק של הלקוח חולק על התשלום. יש להשיב אצל הספק ובינתיים לא להחזיר דבר.", "ग्राहक का बैंक भुगतान पर विवाद करता है। प्रदाता के यहाँ उत्तर दें, तब तक कुछ न लौटाएँ।", "Банк покупателя оспаривает платёж. Ответьте у провайдера и пока ничего не возвращайте.";
    DO_AUTHORIZATION_OPEN: "The order has ended and its money is still set aside. Let it go at the provider.", "Pesanan berakhir dan uangnya masih ditahan. Lepaskan di penyedia.", "ההזמנה הסתיימה והכסף עדיין מוקפא. יש לשחרר אותו אצל הספק.", "ऑर्डर समाप्त हुआ पर पैसा अब भी रुका है। प्रदाता के यहाँ छोड़ें।", "Заказ закончился, а деньги ещё заблокированы. Снимите блокировку у провайдера.";
    DO_TOO_MANY_FACTS: "More was reported of this payment than is kept. Look it up at the provider.", "Laporan tentang pembayaran ini melebihi yang disimpan. Lihat di penyedia.", "דווח על התשלום יותר מהנשמר. יש לבדוק אצל הספק.", "इस भुगतान पर रखे जाने से अधिक बताया गया। प्रदाता के यहाँ देखें।", "О платеже сообщено больше, чем хранится. Посмотрите у провайдера.";
}

/// What a code means and what to do about it.
pub(crate) fn advice(code: AttentionCode) -> Text {
    match code {
        AttentionCode::AmountUnreadable => DO_AMOUNT_UNREADABLE,
        AttentionCode::AmountChanged => DO_AMOUNT_CHANGED,
        AttentionCode::CurrencyMismatch => DO_CURRENCY_MISMATCH,
        AttentionCode::ModeMismatch => DO_MODE_MISMATCH,
        AttentionCode::Overpaid => DO_OVERPAID,
        AttentionCode::DuplicatePayment => DO_DUPLICATE_PAYMENT,
        AttentionCode::PaidUnfulfillable => DO_PAID_UNFULFILLABLE,
        AttentionCode::PartiallyPaidExpired => DO_PARTIALLY_PAID_EXPIRED,
        AttentionCode::OverRefunded => DO_OVER_REFUNDED,
        AttentionCode::OrphanRefund => DO_ORPHAN_REFUND,
        AttentionCode::ReferenceConflict => DO_REFERENCE_CONFLICT,
        AttentionCode::Unconfirmed => DO_UNCONFIRMED,
        AttentionCode::PaymentReversed => DO_PAYMENT_REVERSED,
        AttentionCode::Chargeback => DO_CHARGEBACK,
        AttentionCode::AuthorizationOpen => DO_AUTHORIZATION_OPEN,
        AttentionCode::TooManyFacts => DO_TOO_MANY_FACTS,
    }
}

/// What is open at an order or a payment, whose page is `place`: what it means, what to do, and the way to say that
/// it was done.
pub(crate) fn panel(visit: &Visit<'_>, place: &str, codes: &[String]) -> Markup {
    if codes.is_empty() {
        return html! {};
    }
    html! {
        section.attention {
            h2 { (visit.say(OPEN)) }
            @for code in codes {
                div.notice {
                    p {
                        (badge::<AttentionCode>(visit, code)) " "
                        @match AttentionCode::of(code) {
                            Some(code) => { (visit.say(advice(code))) }
                            None => { (plain_code(code)) }
                        }
                    }
                    @if visit.viewer().may_operate() { (resolve(visit, place, code)) }
                }
            }
        }
    }
}

fn resolve(visit: &Visit<'_>, place: &str, code: &str) -> Markup {
    let note = Field::new("note", visit.say(common::NOTE), Input::Lines);
    ActionForm::new(format!("{place}/attention/{code}/resolve"), RESOLVE)
        .about(visit.say(RESOLVE_ABOUT))
        .field(note)
        .markup(visit)
}
