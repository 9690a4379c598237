//! What the pages of endpoints say.

use crate::words::texts;

texts! {
    URL: "Address (URL)", "Alamat (URL)", "כתובת (URL)", "पता (URL)", "Адрес (URL)";
    ID: "Id", "Id", "מזהה", "आईडी", "Идентификатор";
    TOPICS: "Is told", "Diberi tahu", "מקבל הודעה על", "किसकी सूचना", "О чём сообщать";
    SUCCESS: "Told in the last 24 hours", "Tersampaikan dalam 24 jam terakhir", "נמסר ב־24 השעות האחרונות", "पिछले 24 घंटों में पहुँचीं", "Доставлено за последние 24 часа";
    TOLD_OF: "{} of {}", "{} dari {}", "{} מתוך {}", "{} / {}", "{} из {}";
    NONE_TOLD: "nothing", "tidak ada", "כלום", "कुछ नहीं", "ничего";
    COUNTED_OVER: "The last failure is looked for among the latest {} notices that wait or have failed.", "Kegagalan terakhir dicari di antara {} pemberitahuan terakhir yang menunggu atau gagal.", "הכישלון האחרון נבדק בין {} ההודעות האחרונות שממתינות או שנכשלו.", "अंतिम विफलता उन पिछली {} सूचनाओं में खोजी जाती है जो प्रतीक्षा में हैं या विफल हुईं।", "Последний сбой ищется среди последних {} уведомлений, которые ждут или не доставлены.";
    LAST_FAILURE: "Last failure", "Kegagalan terakhir", "הכישלון האחרון", "अंतिम विफलता", "Последний сбой";
    NO_FAILURE: "none among these", "tidak ada di antaranya", "אין ביניהן", "इनमें कोई नहीं", "среди них нет";
    WAITING: "Waiting", "Menunggu", "ממתינות", "प्रतीक्षा में", "Ждут";
    TRIES: "Tries", "Percobaan", "ניסיונות", "प्रयास", "Попыток";
    IS_ON: "is called", "dipanggil", "נקרא", "बुलाया जाता है", "вызывается";
    IS_OFF: "switched off", "dimatikan", "כבוי", "बंद", "выключен";
    IS_FAILING: "fails", "gagal", "נכשל", "विफल", "сбоит";
    FAILING_SINCE: "Fails since", "Gagal sejak", "נכשל מאז", "विफल कब से", "Сбоит с";
    OFF_SINCE: "Off since", "Mati sejak", "כבוי מאז", "बंद कब से", "Выключен с";
    OFF_BECAUSE: "Off because", "Mati karena", "כבוי כי", "बंद होने का कारण", "Выключен, потому что";
    OLD_SECRET_UNTIL: "The former secret signs along until", "Rahasia lama ikut menandatangani sampai", "הסוד הקודם חותם גם הוא עד", "पुराना रहस्य भी हस्ताक्षर करता है", "Прежний секрет тоже подписывает до";
    NOTICES: "Latest notices", "Pemberitahuan terakhir", "ההודעות האחרונות", "नवीनतम सूचनाएँ", "Последние уведомления";
    ALL_NOTICES: "All of them", "Semuanya", "כולן", "सभी", "Все";
    CREATE: "Create an endpoint", "Buat endpoint", "יצירת נקודת קצה", "एंडपॉइंट बनाएँ", "Создать конечную точку";
    CREATE_ABOUT: "From now on this address is told what happens, in signed requests. What it is told: * is everything, order.* a group, order.paid one type; several with commas between. The secret to check signatures with is shown once, on the next page.", "Mulai sekarang alamat ini diberi tahu apa yang terjadi, lewat permintaan bertanda tangan. Isinya: * semuanya, order.* satu kelompok, order.paid satu jenis; beberapa dipisah koma. Rahasia untuk memeriksa tanda tangan ditampilkan sekali, di halaman berikut.", "מעתה כתובת זו תקבל הודעה על מה שקורה, בבקשות חתומות. על מה: * הכול, order.* קבוצה, order.paid סוג אחד; כמה מהם מופרדים בפסיקים. הסוד לבדיקת החתימות יוצג פעם אחת, בדף הבא.", "अब से इस पते को हस्ताक्षरित अनुरोधों से बताया जाएगा कि क्या हुआ। किसकी: * सब कुछ, order.* एक समूह, order.paid एक प्रकार; कई हों तो अल्पविराम से। हस्ताक्षर जाँचने का रहस्य अगले पृष्ठ पर एक बार दिखेगा।", "С этого момента адресу сообщается о происходящем подписанными запросами. О чём: * — всё, order.* — группа, order.paid — один вид; несколько через запятую. Секрет для проверки подписи показывается один раз, на следующей странице.";
    CHANGE: "Change", "Ubah", "שינוי", "बदलें", "Изменить";
    CHANGE_ABOUT: "From now on this address is told this: * is everything, order.* a group, order.paid one type; several with commas between. What already waits goes to the new address.", "Mulai sekarang alamat ini diberi tahu ini: * semuanya, order.* satu kelompok, order.paid satu jenis; beberapa dipisah koma. Yang sudah menunggu dikirim ke alamat baru.", "מעתה כתובת זו תקבל הודעה על אלה: * הכול, order.* קבוצה, order.paid סוג אחד; כמה מהם מופרדים בפסיקים. מה שכבר ממתין יישלח לכתובת החדשה.", "अब से इस पते को यह बताया जाएगा: * सब कुछ, order.* एक समूह, order.paid एक प्रकार; कई हों तो अल्पविराम से। जो पहले से प्रतीक्षा में है वह नए पते पर जाएगा।", "С этого момента адресу сообщается об этом: * — всё, order.* — группа, order.paid — один вид; несколько через запятую. Что уже ждёт, пойдёт на новый адрес.";
    TEST: "Send a test", "Kirim uji coba", "שליחת בדיקה", "परीक्षण भेजें", "Отправить проверку";
    TEST_ABOUT: "A signed endpoint.test is sent now, once, and its answer is shown. Nothing of it is kept.", "endpoint.test bertanda tangan dikirim sekarang, sekali, dan jawabannya ditampilkan. Tidak ada yang disimpan.", "endpoint.test חתום נשלח עכשיו, פעם אחת, והתשובה תוצג. דבר מזה לא נשמר.", "हस्ताक्षरित endpoint.test अभी एक बार भेजा जाएगा और उसका उत्तर दिखेगा। उसका कुछ सहेजा नहीं जाता।", "Подписанный endpoint.test отправляется сейчас, один раз, и показывается ответ. Ничего из этого не сохраняется.";
    TEST_GOOD: "It took the test.", "Uji coba diterima.", "הבדיקה התקבלה.", "परीक्षण स्वीकार हुआ।", "Проверка принята.";
    TEST_BAD: "It did not take the test.", "Uji coba tidak diterima.", "הבדיקה לא התקבלה.", "परीक्षण स्वीकार नहीं हुआ।", "Проверка не принята.";
    TOOK: "Took", "Waktu", "משך", "समय लगा", "Заняло";
    MILLISECONDS: "{} ms", "{} md", "{} מ״ש", "{} मि.से.", "{} мс";
    HTTP_STATUS: "HTTP status", "Status HTTP", "מצב HTTP", "HTTP स्थिति", "Статус HTTP";
    ANSWER: "Its answer begins", "Awal jawabannya", "תחילת התשובה", "उत्तर का आरंभ", "Начало ответа";
    ROTATE: "Make another secret", "Buat rahasia baru", "יצירת סוד חדש", "नया रहस्य बनाएँ", "Выпустить новый секрет";
    ROTATE_ABOUT: "Requests are signed with a new secret, shown once on the next page, and for a while with the one of now too, so that you can change over without losing a notice.", "Permintaan ditandatangani dengan rahasia baru, yang ditampilkan sekali di halaman berikut, dan untuk sementara juga dengan yang sekarang, agar Anda dapat berganti tanpa kehilangan pemberitahuan.", "בקשות ייחתמו בסוד חדש, שיוצג פעם אחת בדף הבא, ולזמן מה גם בסוד הנוכחי, כדי שאפשר יהיה לעבור בלי לאבד הודעה.", "अनुरोध नए रहस्य से हस्ताक्षरित होंगे, जो अगले पृष्ठ पर एक बार दिखेगा, और कुछ समय तक अभी वाले से भी, ताकि बिना कोई सूचना खोए बदला जा सके।", "Запросы подписываются новым секретом, он показывается один раз на следующей странице, и какое-то время ещё нынешним, чтобы перейти без потерь.";
    SECRET: "The secret", "Rahasianya", "הסוד", "रहस्य", "Секрет";
    SECRET_ABOUT: "Check every request with it before you believe it; docs/effects.md says how.", "Periksa setiap permintaan dengannya sebelum mempercayainya; caranya di docs/effects.md.", "יש לבדוק בעזרתו כל בקשה לפני שמאמינים לה; docs/effects.md מסביר איך.", "हर अनुरोध को मानने से पहले इससे जाँचें; docs/effects.md में तरीका है।", "Проверяйте им каждый запрос, прежде чем верить; как — в docs/effects.md.";
    DISABLE: "Switch off", "Matikan", "כיבוי", "बंद करें", "Выключить";
    DISABLE_ABOUT: "It is not called any more, and what happens meanwhile is not told to it later.", "Tidak dipanggil lagi, dan yang terjadi sementara itu tidak diberitahukan kemudian.", "הכתובת לא תיקרא עוד, ועל מה שיקרה בינתיים לא תישלח הודעה אחר כך.", "इसे अब नहीं बुलाया जाएगा, और इस बीच जो हो वह बाद में नहीं बताया जाएगा।", "Больше не вызывается, и о происходящем тем временем потом не сообщается.";
    ENABLE: "Switch on", "Nyalakan", "הפעלה", "चालू करें", "Включить";
    ENABLE_ABOUT: "It is called again, and how it has failed is forgotten. What happened while it was off is not sent; what was given up before can be tried again among the effects.", "Dipanggil lagi, dan kegagalannya dilupakan. Yang terjadi selama mati tidak dikirim; yang dihentikan sebelumnya dapat dicoba lagi di antara efek.", "הכתובת תיקרא שוב, והכישלונות נשכחים. מה שקרה בזמן שהייתה כבויה לא יישלח; את מה שהופסק קודם אפשר לנסות שוב בין פעולות החוץ.", "इसे फिर बुलाया जाएगा, और पिछली विफलताएँ भुला दी जाएँगी। बंद रहते जो हुआ वह नहीं भेजा जाएगा; जो पहले छोड़ा गया उसे बाहरी कार्यों में फिर आज़माया जा सकता है।", "Снова вызывается, прежние сбои забываются. Что было, пока выключено, не отправляется; прекращённое раньше можно повторить среди внешних действий.";
    DELETE: "Delete", "Hapus", "מחיקה", "मिटाएँ", "Удалить";
    DELETE_ABOUT: "It is deleted for good, and the {} notices that wait for it are given up.", "Dihapus selamanya, dan {} pemberitahuan yang menunggu dihentikan.", "נמחקת לצמיתות, ו־{} ההודעות שממתינות לה יופסקו.", "हमेशा के लिए मिट जाएगा, और इसकी प्रतीक्षा में {} सूचनाएँ छोड़ दी जाएँगी।", "Удаляется навсегда, ждущие уведомления ({}) прекращаются.";
    DONE_CHANGED: "The endpoint is changed.", "Endpoint diubah.", "נקודת הקצה שונתה.", "एंडपॉइंट बदल गया।", "Конечная точка изменена.";
    DONE_ENABLED: "The endpoint is switched on.", "Endpoint dinyalakan.", "נקודת הקצה הופעלה.", "एंडपॉइंट चालू हुआ।", "Конечная точка включена.";
    DONE_DISABLED: "The endpoint is switched off.", "Endpoint dimatikan.", "נקודת הקצה כובתה.", "एंडपॉइंट बंद हुआ।", "Конечная точка выключена.";
    DONE_DELETED: "The endpoint is deleted.", "Endpoint dihapus.", "נקודת הקצה נמחקה.", "एंडपॉइंट मिट गया।", "Конечная точка удалена.";
}
