//! What the pages of stock say.

use crate::words::texts;

texts! {
    SKU: "Sku", "SKU", "מק״ט", "एसकेयू", "Артикул";
    SOLD: "Sold", "Terjual", "נמכר", "बिका", "Продано";
    ON_HAND: "On hand", "Ada di gudang", "במלאי", "मौजूद", "В наличии";
    HELD: "Set aside", "Disisihkan", "שמור להזמנות", "अलग रखा", "Отложено";
    FREE: "Free", "Bebas", "פנוי", "उपलब्ध", "Свободно";
    LOW_AT: "Low mark", "Batas rendah", "סף נמוך", "न्यूनतम सीमा", "Порог";
    VERSION: "Changes so far", "Perubahan sejauh ini", "מספר השינויים", "अब तक के बदलाव", "Изменений";
    OPEN: "Open", "Buka", "פתיחה", "खोलें", "Открыть";
    PUT: "Count", "Hitung", "ספירה", "गिनती", "Пересчёт";
    PUT_NEW: "Put a sku", "Catat SKU", "רישום מק״ט", "एसकेयू दर्ज करें", "Внести артикул";
    PUT_NEW_ABOUT: "The sku has this many units from now on, whether it is new or not. What orders have set aside of it stays set aside.", "SKU ini mulai sekarang memiliki unit sebanyak ini, baru ataupun lama. Yang sudah disisihkan untuk pesanan tetap disisihkan.", "מעתה יש למק״ט מספר יחידות זה, בין שהוא חדש ובין שלא. מה שנשמר להזמנות נשאר שמור.", "अब से इस एसकेयू की इतनी इकाइयाँ होंगी, नया हो या पुराना। ऑर्डर के लिए अलग रखी इकाइयाँ अलग ही रहेंगी।", "С этого момента у артикула столько единиц, новый он или нет. Отложенное для заказов остаётся отложенным.";
    PUT_ABOUT: "There are {} on hand now, {} of them set aside for orders. What you count takes the place of {}; less than {} is refused. If somebody else changes it meanwhile, nothing is changed.", "Kini ada {}, {} di antaranya disisihkan untuk pesanan. Hasil hitungan menggantikan {}; kurang dari {} ditolak. Jika orang lain mengubahnya sementara itu, tidak ada yang berubah.", "כעת יש {} במלאי, {} מהן שמורות להזמנות. הספירה תחליף את {}; פחות מ־{} יידחה. אם מישהו אחר ישנה בינתיים, דבר לא ישתנה.", "अभी {} मौजूद हैं, जिनमें {} ऑर्डर के लिए अलग हैं। आपकी गिनती {} की जगह लेगी; {} से कम अस्वीकार होगा। इस बीच किसी और ने बदला तो कुछ नहीं बदलेगा।", "Сейчас в наличии {}, из них {} отложено для заказов. Пересчёт заменит {}; меньше {} не принимается. Если тем временем изменит кто-то другой, ничего не изменится.";
    ADJUST: "Adjust", "Sesuaikan", "התאמה", "समायोजन", "Изменить";
    ADJUST_ABOUT: "There are {} on hand now. At most {} can be taken away: the rest is set aside for orders.", "Kini ada {}. Paling banyak {} dapat dikurangi: sisanya disisihkan untuk pesanan.", "כעת יש {} במלאי. אפשר לגרוע לכל היותר {}: השאר שמור להזמנות.", "अभी {} मौजूद हैं। अधिक से अधिक {} घटाए जा सकते हैं: बाकी ऑर्डर के लिए अलग हैं।", "Сейчас в наличии {}. Убрать можно не больше {}: остальное отложено для заказов.";
    WAY: "Which way", "Arah", "כיוון", "दिशा", "Направление";
    ADD: "Add", "Tambah", "הוספה", "जोड़ें", "Добавить";
    TAKE: "Take away", "Kurangi", "גריעה", "घटाएँ", "Убрать";
    UNITS: "Units", "Unit", "יחידות", "इकाइयाँ", "Единиц";
    REMOVE: "Remove", "Hapus", "הסרה", "हटाएँ", "Удалить";
    REMOVE_ABOUT: "{} units are written off, and nothing of this sku is sold any more. Units that come back with a refund come back to no shelf.", "{} unit dihapusbukukan, dan SKU ini tidak dijual lagi. Unit yang kembali bersama pengembalian dana tidak kembali ke rak mana pun.", "{} יחידות נמחקות, ומק״ט זה לא יימכר עוד. יחידות שיחזרו עם החזר כספי לא יחזרו למדף.", "{} इकाइयाँ बट्टे खाते में जाएँगी, और यह एसकेयू अब नहीं बिकेगा। वापसी के साथ लौटी इकाइयाँ किसी शेल्फ पर नहीं लौटेंगी।", "{} единиц списываются, и этот артикул больше не продаётся. Возвращённые единицы на склад не вернутся.";
    REMOVE_HELD: "It cannot be removed while {} units are set aside for orders.", "Tidak dapat dihapus selama {} unit disisihkan untuk pesanan.", "אי אפשר להסיר כל עוד {} יחידות שמורות להזמנות.", "जब तक {} इकाइयाँ ऑर्डर के लिए अलग हैं, इसे हटाया नहीं जा सकता।", "Нельзя удалить, пока {} единиц отложено для заказов.";
    GONE: "This sku is not stocked any more; below is what became of it.", "SKU ini tidak lagi distok; di bawah ini riwayatnya.", "מק״ט זה אינו עוד במלאי; להלן מה שקרה לו.", "यह एसकेयू अब स्टॉक में नहीं है; नीचे इसका इतिहास है।", "Этого артикула больше нет на складе; ниже — что с ним было.";
    HISTORY: "Changes by hand and by refunds", "Perubahan manual dan oleh pengembalian", "שינויים ידניים ובשל החזרים", "हाथ से और वापसी से हुए बदलाव", "Изменения вручную и при возвратах";
    HISTORY_ABOUT: "What was sold is told by the orders.", "Yang terjual diceritakan oleh pesanan.", "מה שנמכר מסופר בהזמנות.", "जो बिका वह ऑर्डर बताते हैं।", "О проданном рассказывают заказы.";
    DELTA: "Change", "Perubahan", "שינוי", "बदलाव", "Изменение";
    KIND_PUT: "counted", "dihitung", "נספר", "गिना गया", "пересчитано";
    KIND_ADJUSTED: "adjusted", "disesuaikan", "הותאם", "समायोजित", "изменено";
    KIND_REMOVED: "removed", "dihapus", "הוסר", "हटाया गया", "удалено";
    KIND_RETURNED: "came back with a refund", "kembali bersama pengembalian dana", "חזר עם החזר כספי", "वापसी के साथ लौटा", "вернулось с возвратом";
    PASTE: "Paste a list", "Tempel daftar", "הדבקת רשימה", "सूची चिपकाएँ", "Вставить список";
    PASTE_ABOUT: "A line for each sku: the sku, a comma or tab, how many there are; if you like, another one and the low mark. At most 1,000 lines, as a spreadsheet copies them. You see what changes before anything does.", "Satu baris per SKU: SKU, koma atau tab, jumlahnya; bila mau, satu lagi dan batas rendah. Paling banyak 1.000 baris, seperti salinan lembar sebar. Anda melihat perubahannya sebelum terjadi.", "שורה לכל מק״ט: המק״ט, פסיק או טאב, הכמות; ואם רוצים, עוד אחד וסף נמוך. לכל היותר 1,000 שורות, כפי שגיליון מעתיק. לפני כל שינוי רואים מה ישתנה.", "हर एसकेयू की एक पंक्ति: एसकेयू, अल्पविराम या टैब, मात्रा; चाहें तो एक और तथा न्यूनतम सीमा। अधिकतम 1,000 पंक्तियाँ, जैसे स्प्रेडशीट कॉपी करती है। कुछ बदलने से पहले आप देखेंगे कि क्या बदलेगा।", "Строка на артикул: артикул, запятая или табуляция, количество; при желании ещё одна и порог. Не больше 1000 строк, как копирует таблица. Сначала видно, что изменится.";
    LIST: "List", "Daftar", "רשימה", "सूची", "Список";
    PREVIEW: "Show what changes", "Tampilkan perubahannya", "הצגת השינויים", "बदलाव दिखाएँ", "Показать изменения";
    NOW: "Now", "Sekarang", "כעת", "अभी", "Сейчас";
    THEN: "Then", "Nanti", "אחר כך", "बाद में", "Станет";
    IS_NEW: "new", "baru", "חדש", "नया", "новый";
    UNCHANGED: "as it is", "tetap", "ללא שינוי", "जैसा है", "без изменений";
    UNREADABLE: "Line {} cannot be read: {}", "Baris {} tidak terbaca: {}", "אי אפשר לקרוא את שורה {}: {}", "पंक्ति {} पढ़ी नहीं जा सकी: {}", "Строка {} не читается: {}";
    TWICE: "Line {} names a sku that stands above: {}", "Baris {} menyebut SKU yang sudah ada di atas: {}", "שורה {} חוזרת על מק״ט שמופיע למעלה: {}", "पंक्ति {} ऊपर दिया एसकेयू दोहराती है: {}", "Строка {} повторяет артикул, который уже был: {}";
    TOO_MANY: "These are {} lines; at most {} go at one time.", "Ada {} baris; sekali jalan paling banyak {}.", "אלו {} שורות; בכל פעם לכל היותר {}.", "ये {} पंक्तियाँ हैं; एक बार में अधिकतम {}।", "Здесь {} строк; за один раз — не больше {}.";
    PUT_ALL: "Put all of them", "Catat semuanya", "רישום הכול", "सब दर्ज करें", "Внести все";
    PUT_ALL_ABOUT: "Changed: {}; new: {}; all of them together or none. If somebody changes one meanwhile, nothing is changed.", "Berubah: {}; baru: {}; semuanya sekaligus atau tidak sama sekali. Jika seseorang mengubah salah satunya sementara itu, tidak ada yang berubah.", "משתנים: {}; חדשים: {}; כולם יחד או אף אחד. אם מישהו ישנה אחד מהם בינתיים, דבר לא ישתנה.", "बदलेंगे: {}; नए: {}; सब एक साथ या कोई नहीं। इस बीच किसी ने एक भी बदला तो कुछ नहीं बदलेगा।", "Меняется: {}; новых: {}; все вместе или ни один. Если тем временем кто-то изменит хоть один, ничего не изменится.";
    NOTHING_CHANGES: "Nothing changes by this list.", "Daftar ini tidak mengubah apa pun.", "הרשימה אינה משנה דבר.", "इस सूची से कुछ नहीं बदलता।", "Этот список ничего не меняет.";
    NOT_COMPARED: "This shop has more skus than are compared here: of some, what stands now is not shown, and they are put as they are.", "Toko ini memiliki lebih banyak SKU daripada yang dibandingkan di sini: sebagian tidak ditampilkan keadaannya, dan dicatat apa adanya.", "בחנות זו יותר מק״טים ממה שמושווה כאן: לגבי חלקם לא מוצג המצב הנוכחי, והם יירשמו כמות שהם.", "इस दुकान में यहाँ तुलना किए जाने वाले से अधिक एसकेयू हैं: कुछ की वर्तमान स्थिति नहीं दिखती, और वे वैसे ही दर्ज होंगे।", "В магазине больше артикулов, чем здесь сравнивается: для некоторых текущее не показано, они вносятся как есть.";
    DONE_PUT: "The stock is put.", "Stok tercatat.", "המלאי נרשם.", "स्टॉक दर्ज हुआ।", "Остаток внесён.";
    DONE_ADJUSTED: "The stock is adjusted.", "Stok disesuaikan.", "המלאי הותאם.", "स्टॉक समायोजित हुआ।", "Остаток изменён.";
    DONE_REMOVED: "The sku is removed.", "SKU dihapus.", "המק״ט הוסר.", "एसकेयू हटाया गया।", "Артикул удалён.";
}
