//! What pages say about orders.

use crate::words::texts;

texts! {
    SEARCH_EVERYTHING: "Search all orders, payments, receipts and customers for it", "Cari di semua pesanan, pembayaran, kuitansi, dan pelanggan", "חיפוש בכל ההזמנות, התשלומים, הקבלות והלקוחות", "इसे सभी ऑर्डर, भुगतान, रसीद और ग्राहकों में खोजें", "Искать среди всех заказов, платежей, чеков и клиентов";
    TOTAL: "Total", "Total", "סה״כ", "कुल", "Итого";
    LINES: "What is bought", "Yang dibeli", "מה נקנה", "क्या खरीदा गया", "Что куплено";
    SKU: "Sku", "Sku", "מק״ט", "SKU", "Артикул";
    QUANTITY: "Quantity", "Jumlah", "כמות", "मात्रा", "Количество";
    UNIT_PRICE: "Each", "Satuan", "ליחידה", "प्रति इकाई", "За единицу";
    DISCOUNT: "Discount", "Diskon", "הנחה", "छूट", "Скидка";
    SHIPPING: "Shipping", "Pengiriman", "משלוח", "शिपिंग", "Доставка";
    NO_STOCK_KEPT: "no stock is kept", "stok tidak dicatat", "ללא ניהול מלאי", "स्टॉक नहीं रखा जाता", "без учёта остатков";
    HOLD: "Set aside", "Disisihkan", "שמור", "अलग रखा", "Отложено";
    HOLD_ACTIVE: "until {}", "sampai {}", "עד {}", "{} तक", "до {}";
    HOLD_CONSUMED: "sold", "terjual", "נמכר", "बिक गया", "продано";
    HOLD_RELEASED: "given back", "dilepas", "שוחרר", "वापस किया", "возвращено";
    HOLD_EXPIRED: "given back when time ran out", "dilepas karena waktu habis", "שוחרר בתום הזמן", "समय समाप्त होने पर वापस", "возвращено: время вышло";
    HOLD_TAKEN_OVER: "taken over by an order", "diambil alih pesanan", "עבר להזמנה", "ऑर्डर ने लिया", "перешло к заказу";
    SLOT: "Slot", "Slot", "משבצת", "स्लॉट", "Слот";
    SLOT_TO: "to", "sampai", "עד", "से", "до";
    EMAIL: "Mail address", "Alamat surel", "כתובת דוא״ל", "मेल पता", "Почта";
    PHONE: "Telephone", "Telepon", "טלפון", "फ़ोन", "Телефон";
    ADDRESS: "Address", "Alamat", "כתובת", "पता", "Адрес";
    TAX_ID: "Tax number", "Nomor pajak", "מספר עוסק", "कर संख्या", "Налоговый номер";
    LOCALE: "Language of mails and receipts", "Bahasa surel dan kuitansi", "שפת הודעות וקבלות", "मेल और रसीदों की भाषा", "Язык писем и чеков";
    CHANGED: "Changed", "Diubah", "שונה", "बदला गया", "Изменён";
    WAITS_FOR: "What it waits for", "Yang ditunggu", "למה היא ממתינה", "किसकी प्रतीक्षा है", "Чего ждёт";
    WAITS_FOR_NOTHING: "Nothing: all that was decided is done.", "Tidak ada: semua yang diputuskan sudah dikerjakan.", "לדבר: כל מה שהוחלט בוצע.", "किसी की नहीं: जो तय हुआ सब हो गया।", "Ничего: всё решённое выполнено.";
    WAIT_MONEY: "money", "uang", "כסף", "पैसा", "деньги";
    WAIT_CONFIRMATION: "the provider's word", "kata penyedia", "תשובת הספק", "प्रदाता का उत्तर", "слово провайдера";
    WAIT_RECEIPT: "a receipt", "kuitansi", "קבלה", "रसीद", "чек";
    WAIT_REFUND: "a refund", "pengembalian dana", "החזר", "वापसी", "возврат";
    WAIT_PERSON: "a person", "seseorang", "אדם", "कोई व्यक्ति", "человек";
    WAIT_MAIL: "a mail", "surel", "הודעת דוא״ל", "मेल", "письмо";
    STORY: "The whole story", "Cerita lengkap", "הסיפור המלא", "पूरी कहानी", "Вся история";
    STORY_ABOUT: "Everything that came and what was decided, oldest first.", "Semua yang masuk dan yang diputuskan, dari yang terlama.", "כל מה שהגיע ומה שהוחלט, מהישן לחדש.", "जो आया और जो तय हुआ, पुराना पहले।", "Всё, что пришло и что решено, от старого к новому.";
    BY_KEY: "key {}", "kunci {}", "מפתח {}", "कुंजी {}", "ключ {}";
    BY_TOLLGATE: "Tollgate", "Tollgate", "Tollgate", "Tollgate", "Tollgate";
    RAW_EVENT: "the event behind it", "peristiwa di baliknya", "האירוע שמאחור", "इसके पीछे की घटना", "событие за этим";
    ITS_EFFECT: "what was done outside", "yang dikerjakan di luar", "מה נעשה בחוץ", "बाहर क्या हुआ", "что сделано снаружи";
    FIGURES: "Figures", "Data", "נתונים", "आँकड़े", "Данные";
    EFFECTS_OF_IT: "What happens outside for it", "Yang dikerjakan di luar untuknya", "מה נעשה בחוץ עבורה", "इसके लिए बाहर क्या होता है", "Что делается снаружи";
    TRIES: "Tries", "Percobaan", "ניסיונות", "प्रयास", "Попытки";
    NEXT_TRY: "Next or ended", "Berikut atau selesai", "הבא או סיום", "अगला या समाप्त", "Далее или конец";
    AGAIN: "again", "lagi", "שוב", "फिर", "снова";
    ALL_EVENTS: "All events about it", "Semua peristiwa tentangnya", "כל האירועים עליה", "इस पर सब घटनाएँ", "Все события о нём";
    NO_PAYMENT: "No payment was begun for it yet.", "Belum ada pembayaran untuknya.", "עדיין לא החל עבורה תשלום.", "इसके लिए अभी कोई भुगतान शुरू नहीं हुआ।", "Платёж ещё не начат.";

    CANCEL: "Cancel order", "Batalkan pesanan", "ביטול הזמנה", "ऑर्डर रद्द करें", "Отменить заказ";
    CANCEL_ABOUT: "{} ends as cancelled, and what is set aside for it goes back on sale. If a payment is open, its provider has the last word first. Of {} that came, nothing is lost: it is given back or shown to a person.", "{} berakhir dibatalkan, dan yang disisihkan dijual kembali. Jika ada pembayaran terbuka, penyedianya memutuskan dulu. Dari {} yang masuk tak ada yang hilang: dikembalikan atau ditunjukkan kepada orang.", "{} תסתיים כמבוטלת, ומה ששמור לה יחזור למכירה. אם תשלום פתוח, לספק שלו המילה האחרונה. מתוך {} שנכנסו דבר לא יאבד: יוחזר או יוצג לאדם.", "{} रद्द होकर समाप्त होगा, और अलग रखा सामान फिर बिकेगा। भुगतान खुला हो तो पहले प्रदाता का अंतिम उत्तर आएगा। आए {} में से कुछ नहीं खोता: लौटता है या व्यक्ति को दिखता है।", "{} закончится отменой, отложенное вернётся в продажу. Если платёж открыт, сначала последнее слово за провайдером. Из {} ничего не пропадёт: вернётся или будет показано человеку.";
    CANCEL_DONE: "The order is cancelled, or closing until its open payment has ended.", "Pesanan dibatalkan, atau sedang ditutup sampai pembayarannya berakhir.", "ההזמנה בוטלה, או בסגירה עד שהתשלום הפתוח יסתיים.", "ऑर्डर रद्द हुआ, या खुला भुगतान समाप्त होने तक बंद हो रहा है।", "Заказ отменён или закрывается, пока не закончится открытый платёж.";
    NOTE_EDIT: "Write note", "Tulis catatan", "כתיבת הערה", "टिप्पणी लिखें", "Написать заметку";
    NOTE_ABOUT: "For you alone: it is on no paper and in no mail. An empty one is taken away.", "Hanya untuk Anda: tidak ada di kertas atau surel. Yang kosong dihapus.", "לעיניך בלבד: אינה על נייר ולא בדוא״ל. הערה ריקה נמחקת.", "केवल आपके लिए: किसी काग़ज़ या मेल पर नहीं। खाली हो तो हट जाती है।", "Только для вас: её нет ни на бумаге, ни в письмах. Пустая убирается.";
    NOTE_DONE: "The note is kept.", "Catatan disimpan.", "ההערה נשמרה.", "टिप्पणी सहेजी गई।", "Заметка сохранена.";
    CUSTOMER_EDIT: "Change customer", "Ubah pelanggan", "שינוי פרטי לקוח", "ग्राहक बदलें", "Изменить покупателя";
    CUSTOMER_ABOUT: "What is issued or sent from now on says the new; receipts that are issued stay as they are. The story shows that it was changed, not the values.", "Yang diterbitkan atau dikirim mulai sekarang memakai yang baru; kuitansi yang terbit tetap. Cerita mencatat perubahannya, bukan nilainya.", "מה שיונפק או יישלח מעתה יאמר את החדש; קבלות שהונפקו נשארות. הסיפור מציין שהיה שינוי, לא את הערכים.", "अब से जो जारी या भेजा जाएगा उसमें नया होगा; जारी रसीदें वैसी रहेंगी। कहानी बदलाव बताती है, मान नहीं।", "Всё новое будет с новыми данными; выданные чеки останутся. История скажет об изменении, но не покажет значений.";
    CUSTOMER_DONE: "The customer is changed.", "Pelanggan diubah.", "פרטי הלקוח שונו.", "ग्राहक बदला गया।", "Покупатель изменён.";
    CREATED_AFTER: "Created from", "Dibuat sejak", "נוצר מ־", "इस दिन से बना", "Создан с";
    CREATED_BEFORE: "Created before", "Dibuat sebelum", "נוצר לפני", "इस दिन से पहले बना", "Создан до";
}
