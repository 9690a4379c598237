//! What the pages of slots say.

use crate::words::texts;

texts! {
    CALENDAR: "Calendar", "Kalender", "יומן", "कैलेंडर", "Календарь";
    CAPACITY: "Capacity", "Kapasitas", "קיבולת", "क्षमता", "Вместимость";
    SOLD: "Sold", "Terjual", "נמכר", "बिका", "Продано";
    HELD: "Set aside", "Disisihkan", "שמור", "अलग रखा", "Отложено";
    FREE: "Free", "Bebas", "פנוי", "खाली", "Свободно";
    FULLNESS: "How full", "Keterisian", "תפוסה", "भराव", "Заполнение";
    LOAD: "{} sold, {} set aside, {} free", "{} terjual, {} disisihkan, {} bebas", "{} נמכרו, {} שמורים, {} פנויים", "{} बिके, {} अलग रखे, {} खाली", "продано {}, отложено {}, свободно {}";
    COUNTS: "Counts", "Menghitung", "סופר", "गिनता है", "Считает";
    UNIT_ORDERS: "orders", "pesanan", "הזמנות", "ऑर्डर", "заказы";
    UNIT_ITEMS: "items of orders", "barang dalam pesanan", "פריטים בהזמנות", "ऑर्डर की वस्तुएँ", "позиции заказов";
    UNIT_AMOUNT: "amounts of orders", "nilai pesanan", "סכומי הזמנות", "ऑर्डर की राशि", "суммы заказов";
    ZONE: "Time zone", "Zona waktu", "אזור זמן", "समय क्षेत्र", "Часовой пояс";
    DAY: "Day", "Hari", "יום", "दिन", "День";
    SHOW: "Show", "Tampilkan", "הצגה", "दिखाएँ", "Показать";
    DAY_BEFORE: "Day before", "Hari sebelumnya", "היום הקודם", "पिछला दिन", "Предыдущий день";
    DAY_AFTER: "Day after", "Hari berikutnya", "היום הבא", "अगला दिन", "Следующий день";
    TODAY: "Today", "Hari ini", "היום", "आज", "Сегодня";
    SLOT: "Slot", "Slot", "משבצת", "स्लॉट", "Слот";
    BY_CLOCKS_OF: "Times are by the clocks of {}.", "Waktu menurut jam {}.", "השעות לפי שעון {}.", "समय {} की घड़ी के अनुसार हैं।", "Время по часам {}.";
    WEEK: "Seven days from here", "Tujuh hari dari sini", "שבעה ימים מכאן", "यहाँ से सात दिन", "Семь дней отсюда";
    WEEK_CUT: "There are more slots than are added up here; the last days are not shown.", "Ada lebih banyak slot daripada yang dijumlahkan di sini; hari-hari terakhir tidak ditampilkan.", "יש יותר משבצות ממה שמסוכם כאן; הימים האחרונים אינם מוצגים.", "यहाँ जोड़े जाने वाले से अधिक स्लॉट हैं; अंतिम दिन नहीं दिखाए गए।", "Слотов больше, чем здесь суммируется; последние дни не показаны.";
    NO_SLOTS: "There are no slots on this day.", "Tidak ada slot pada hari ini.", "אין משבצות ביום זה.", "इस दिन कोई स्लॉट नहीं है।", "В этот день слотов нет.";
    RULE: "Rule", "Aturan", "כלל", "नियम", "Правило";
    RULE_HOURS: "Hours", "Jam buka", "שעות", "समय", "Часы";
    RULE_LENGTH: "Length of a slot", "Panjang slot", "אורך משבצת", "स्लॉट की अवधि", "Длина слота";
    RULE_MADE: "Slots are made until", "Slot dibuat sampai", "משבצות קיימות עד", "स्लॉट बने हैं", "Слоты созданы до";
    RULE_CLOSED: "Closed", "Tutup", "סגור", "बंद", "Закрыто";
    RULE_BOOKING: "Booked until before its start", "Dipesan paling lambat sebelum mulai", "הזמנה עד לפני ההתחלה", "शुरू होने से पहले तक बुकिंग", "Запись не позднее чем до начала";
    RULE_VISIBLE: "Shown to the staff before its start", "Ditampilkan ke staf sebelum mulai", "מוצג לצוות לפני ההתחלה", "शुरू होने से पहले स्टाफ को दिखता है", "Видно персоналу до начала";
    RULE_LATE: "A late payment takes", "Pembayaran terlambat mengambil", "תשלום מאוחר תופס", "देर से भुगतान लेता है", "Поздняя оплата занимает";
    LATE_SAME: "the same slot, if there is room", "slot yang sama, bila masih ada tempat", "את אותה משבצת, אם יש מקום", "वही स्लॉट, यदि जगह हो", "тот же слот, если есть место";
    LATE_NEXT: "the next slot with room", "slot berikutnya yang ada tempat", "את המשבצת הבאה עם מקום", "जगह वाला अगला स्लॉट", "следующий слот с местом";
    MINUTES: "{} min", "{} mnt", "{} דק׳", "{} मिनट", "{} мин";
    BY_HAND: "There is no rule: slots are put by hand.", "Tidak ada aturan: slot dicatat manual.", "אין כלל: המשבצות נרשמות ידנית.", "कोई नियम नहीं: स्लॉट हाथ से दर्ज होते हैं।", "Правила нет: слоты вносятся вручную.";
    NONE_YET: "There is no calendar yet. One is put by PUT /v1/calendars; docs/api.md has its members.", "Belum ada kalender. Buat dengan PUT /v1/calendars; isinya ada di docs/api.md.", "אין עדיין יומן. יוצרים אחד ב־PUT /v1/calendars; החברים מפורטים ב־docs/api.md.", "अभी कोई कैलेंडर नहीं है। PUT /v1/calendars से बनता है; विवरण docs/api.md में है।", "Календаря ещё нет. Он создаётся через PUT /v1/calendars; состав — в docs/api.md.";
    CHANGE: "Change the capacity", "Ubah kapasitas", "שינוי הקיבולת", "क्षमता बदलें", "Изменить вместимость";
    CHANGE_ABOUT: "It is {} now, of which {} is sold and {} set aside; less than that is refused. Nothing is ever sold twice. The slot keeps what is put here when the calendar's rule changes.", "Kini {}, {} di antaranya terjual dan {} disisihkan; kurang dari itu ditolak. Tidak ada yang terjual dua kali. Slot mempertahankan angka ini bila aturan kalender berubah.", "כעת {}, מתוכם {} נמכרו ו־{} שמורים; פחות מזה יידחה. דבר אינו נמכר פעמיים. המשבצת תשמור על ערך זה גם כשכלל היומן ישתנה.", "अभी {} है, जिसमें {} बिका और {} अलग रखा है; इससे कम अस्वीकार होगा। कुछ भी दो बार नहीं बिकता। कैलेंडर का नियम बदलने पर भी स्लॉट यही रखेगा।", "Сейчас {}, из них продано {} и отложено {}; меньше не принимается. Ничто не продаётся дважды. Слот сохранит это и при смене правила календаря.";
    CHANGE_MINOR: "Capacity, in minor units of {}", "Kapasitas, dalam satuan terkecil {}", "קיבולת, ביחידות קטנות של {}", "क्षमता, {} की लघु इकाइयों में", "Вместимость в минимальных единицах {}";
    CLOSE: "Close the slot", "Tutup slot", "סגירת המשבצת", "स्लॉट बंद करें", "Закрыть слот";
    CLOSE_ABOUT: "Its capacity becomes {}, what is sold and set aside of it: those orders keep their place, and nothing beyond them is sold. If one is sold meanwhile, this is refused, and nothing is changed.", "Kapasitasnya menjadi {}, yaitu yang terjual dan disisihkan: pesanan itu tetap mendapat tempat, dan tidak ada yang dijual di luar itu. Bila ada yang terjual sementara itu, ini ditolak dan tidak ada yang berubah.", "הקיבולת תהיה {}, מה שנמכר ונשמר בה: הזמנות אלו שומרות על מקומן, ומעבר להן לא יימכר דבר. אם משהו יימכר בינתיים, הבקשה תידחה ודבר לא ישתנה.", "क्षमता {} हो जाएगी, जितना बिका और अलग रखा है: वे ऑर्डर अपनी जगह रखेंगे, और उनसे अधिक कुछ नहीं बिकेगा। इस बीच कुछ बिका तो यह अस्वीकार होगा और कुछ नहीं बदलेगा।", "Вместимость станет {} — столько продано и отложено: эти заказы сохраняют место, сверх них ничего не продаётся. Если тем временем что-то продадут, будет отказ и ничего не изменится.";
    IS_FULL: "It is full: nothing more is sold of it.", "Slot penuh: tidak ada lagi yang dijual.", "המשבצת מלאה: לא יימכר בה עוד.", "यह भरा है: इसमें और कुछ नहीं बिकेगा।", "Слот заполнен: больше ничего не продаётся.";
    DONE_CHANGED: "The capacity is changed.", "Kapasitas diubah.", "הקיבולת שונתה.", "क्षमता बदली गई।", "Вместимость изменена.";
    DONE_CLOSED: "The slot is closed.", "Slot ditutup.", "המשבצת נסגרה.", "स्लॉट बंद हुआ।", "Слот закрыт.";
    MON: "Mon", "Sen", "ב׳", "सोम", "Пн";
    TUE: "Tue", "Sel", "ג׳", "मंगल", "Вт";
    WED: "Wed", "Rab", "ד׳", "बुध", "Ср";
    THU: "Thu", "Kam", "ה׳", "गुरु", "Чт";
    FRI: "Fri", "Jum", "ו׳", "शुक्र", "Пт";
    SAT: "Sat", "Sab", "ש׳", "शनि", "Сб";
    SUN: "Sun", "Min", "א׳", "रवि", "Вс";
}
