//! What the pages of receipts say.

use crate::words::texts;

texts! {
    NUMBER: "Number", "Nomor", "מספר", "संख्या", "Номер";
    KIND: "Kind", "Jenis", "סוג", "प्रकार", "Вид";
    SALE: "sale", "penjualan", "מכירה", "बिक्री", "продажа";
    REFUND: "refund", "pengembalian dana", "החזר", "धन-वापसी", "возврат";
    REVERSAL: "reversal", "pembatalan", "ביטול חיוב", "उलटाव", "сторно";
    ISSUED: "Issued", "Diterbitkan", "הונפק", "जारी", "Выдан";
    ORDER: "Order", "Pesanan", "הזמנה", "ऑर्डर", "Заказ";
    PAYMENT: "Payment", "Pembayaran", "תשלום", "भुगतान", "Платёж";
    PDF: "PDF", "PDF", "PDF", "PDF", "PDF";
    OPEN_PDF: "Open the PDF", "Buka PDF", "פתיחת ה־PDF", "PDF खोलें", "Открыть PDF";
    PUBLIC: "What anybody sees who has the link", "Yang dilihat siapa pun yang memiliki tautan", "מה שרואה כל מי שבידו הקישור", "लिंक वाला कोई भी जो देखता है", "Что видит любой, у кого есть ссылка";
    SAME_BYTES: "The file is kept and never made again: every copy has the same bytes, with this SHA-256.", "Berkas disimpan dan tidak pernah dibuat ulang: setiap salinan memiliki bita yang sama, dengan SHA-256 ini.", "הקובץ נשמר ואינו נוצר מחדש: בכל עותק אותם בתים, עם SHA-256 זה.", "फ़ाइल सहेजी है और फिर नहीं बनती: हर प्रति के बाइट वही हैं, इस SHA-256 के साथ।", "Файл хранится и заново не создаётся: в каждой копии те же байты с этим SHA-256.";
    IS_PENDING: "It has its number; its file is being made.", "Sudah bernomor; berkasnya sedang dibuat.", "יש לה מספר; הקובץ בהכנה.", "इसकी संख्या है; फ़ाइल बन रही है।", "Номер есть; файл готовится.";
    SELLER: "Seller", "Penjual", "מוכר", "विक्रेता", "Продавец";
    BUYER: "Buyer", "Pembeli", "קונה", "ख़रीदार", "Покупатель";
    ADDRESS: "Address", "Alamat", "כתובת", "पता", "Адрес";
    TAX_ID: "Tax number", "NPWP", "מספר עוסק", "कर संख्या", "ИНН";
    EMAIL: "Mail address", "Alamat surel", "דוא״ל", "मेल पता", "Почта";
    PHONE: "Telephone", "Telepon", "טלפון", "टेलीफ़ोन", "Телефон";
    LINES: "Lines", "Baris", "שורות", "पंक्तियाँ", "Строки";
    SKU: "Sku", "SKU", "מק״ט", "एसकेयू", "Артикул";
    QUANTITY: "Quantity", "Jumlah", "כמות", "मात्रा", "Количество";
    UNIT: "Each", "Satuan", "ליחידה", "प्रति इकाई", "За единицу";
    TOTALS: "Totals", "Total", "סיכום", "योग", "Итоги";
    DISCOUNT: "Discount", "Diskon", "הנחה", "छूट", "Скидка";
    SHIPPING: "Shipping", "Ongkos kirim", "משלוח", "ढुलाई", "Доставка";
    TOTAL: "Total", "Total", "סך הכול", "कुल", "Итого";
    TAX_INCLUDED: "{} {} %, included", "{} {} %, termasuk", "{} {}%, כלול", "{} {} %, शामिल", "{} {} %, включён";
    TAX_ON_TOP: "{} {} %, on top", "{} {} %, ditambahkan", "{} {}%, בתוספת", "{} {} %, ऊपर से", "{} {} %, сверху";
    FEE: "Fee on top", "Biaya tambahan", "עמלה נוספת", "अतिरिक्त शुल्क", "Комиссия сверху";
    OVER: "This receipt is over", "Kuitansi ini senilai", "קבלה זו על סך", "यह रसीद इतने की है", "Этот чек на сумму";
    ORIGINAL: "Takes back", "Membatalkan", "מבטלת את", "वापस लेता है", "Отменяет";
    MAILS: "Mails with it", "Surel dengannya", "דוא״ל עם הקבלה", "इसके साथ मेल", "Письма с ним";
    NO_MAIL: "It was not mailed.", "Tidak dikirim lewat surel.", "לא נשלחה בדוא״ל.", "यह मेल नहीं हुई।", "Почтой не отправлялся.";
    TABLES: "Tables (CSV)", "Tabel (CSV)", "טבלאות (CSV)", "तालिकाएँ (CSV)", "Таблицы (CSV)";
    TABLES_ABOUT: "Days of the shop, from the first on and before the second.", "Hari menurut toko, dari yang pertama dan sebelum yang kedua.", "ימים לפי שעון החנות, מהראשון ועד לפני השני.", "दुकान के दिन, पहले से लेकर दूसरे से पहले तक।", "Дни магазина, с первого и до второго.";
    REFUNDS: "Refunds", "Pengembalian dana", "החזרים", "धन-वापसियाँ", "Возвраты";
    BEFORE: "Before", "Sebelum", "לפני", "इससे पहले", "До";
    DOWNLOAD: "Download", "Unduh", "הורדה", "डाउनलोड", "Скачать";
}
