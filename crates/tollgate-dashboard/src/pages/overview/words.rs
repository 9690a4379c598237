//! What the overview says.

use crate::words::texts;

texts! {
    NEEDS_PERSON: "What needs a person now", "Yang perlu ditangani orang sekarang", "מה דורש אדם עכשיו", "अभी किसे व्यक्ति चाहिए", "Что сейчас требует человека";
    NOTHING_NEEDED: "Nothing needs you. All that came is decided, and all that was decided is done or on its way.", "Tidak ada yang memerlukan Anda. Semua yang masuk sudah diputuskan, dan semua keputusan sudah atau sedang dikerjakan.", "דבר אינו דורש אותך. כל מה שהגיע הוכרע, וכל מה שהוכרע בוצע או בדרך.", "आपकी ज़रूरत नहीं। जो आया सब तय है, और जो तय है सब हो गया या हो रहा है।", "Вы не нужны. Всё пришедшее решено, и всё решённое сделано или делается.";
    SINCE: "since", "sejak", "מאז", "तब से:", "с";
    ALERT: "alert", "peringatan", "התראה", "चेतावनी", "тревога";
    AND_MORE: "There is more than is shown here; it comes up as these are dealt with.", "Masih ada lagi selain yang tampil di sini; akan muncul begitu yang ini ditangani.", "יש עוד מעבר למה שמוצג כאן; הוא יופיע ככל שאלה יטופלו.", "यहाँ दिखाए से अधिक है; इन्हें निपटाते ही वह सामने आएगा।", "Есть больше, чем показано; остальное появится, когда разберётесь с этим.";
    ALL_PAYMENTS: "All payments that need a person", "Semua pembayaran yang perlu ditangani orang", "כל התשלומים שדורשים אדם", "वे सभी भुगतान जिन्हें व्यक्ति चाहिए", "Все платежи, требующие человека";
    ALL_ORDERS: "All orders that need a person", "Semua pesanan yang perlu ditangani orang", "כל ההזמנות שדורשות אדם", "वे सभी ऑर्डर जिन्हें व्यक्ति चाहिए", "Все заказы, требующие человека";
    DO_UNKNOWN: "Find out whether it happened, then say so on its page.", "Cari tahu apakah itu terjadi, lalu nyatakan di halamannya.", "יש לברר אם קרה, ולציין זאת בדף שלו.", "पता करें कि हुआ या नहीं, फिर उसके पृष्ठ पर बताएँ।", "Узнайте, произошло ли это, и укажите на его странице.";
    DO_DEAD: "Mend the cause, then try it again on its page.", "Perbaiki penyebabnya, lalu coba lagi di halamannya.", "יש לתקן את הסיבה ולנסות שוב בדף שלו.", "कारण सुधारें, फिर उसके पृष्ठ पर दोबारा चलाएँ।", "Устраните причину и повторите на его странице.";
    ENDPOINT_DISABLED: "endpoint switched off", "endpoint dimatikan", "נקודת קצה כבויה", "एंडपॉइंट बंद", "получатель отключён";
    DO_ENDPOINT: "Nothing is sent there any more. Mend it, try it, and switch it on again.", "Tidak ada lagi yang dikirim ke sana. Perbaiki, uji, lalu aktifkan lagi.", "לא נשלח לשם דבר. יש לתקן, לבדוק ולהפעיל מחדש.", "वहाँ अब कुछ नहीं भेजा जाता। सुधारें, जाँचें, फिर चालू करें।", "Туда больше ничего не шлётся. Почините, проверьте и включите снова.";
    ORPHANS: "orphans", "yatim", "יתומים", "अनाथ", "сироты";
    ORPHANED_NOW: "Webhooks that have waited for their payment in vain: {}", "{} webhook menunggu pembayarannya dengan sia-sia", "וובהוקים שהמתינו לתשלום לשווא: {}", "{} वेबहुक ने भुगतान की व्यर्थ प्रतीक्षा की", "вебхуков, не дождавшихся платежа: {}";
    DO_ORPHANS: "Money may have come for what the shop does not know. See whose it is.", "Mungkin ada uang untuk sesuatu yang tidak dikenal toko. Lihat milik siapa.", "ייתכן שנכנס כסף על מה שהחנות אינה מכירה. יש לבדוק של מי הוא.", "शायद ऐसा पैसा आया जिसे दुकान नहीं जानती। देखें किसका है।", "Возможно, пришли деньги за неизвестное магазину. Посмотрите, чьи.";
    PARKED: "waits", "menunggu", "ממתין", "प्रतीक्षा में", "ждёт";
    PARKED_NOW: "Webhooks that wait for a payment that the shop has not registered yet: {}", "{} webhook menunggu pembayaran yang belum didaftarkan toko", "וובהוקים הממתינים לתשלום שהחנות טרם רשמה: {}", "{} वेबहुक ऐसे भुगतान की प्रतीक्षा में जो दुकान ने दर्ज नहीं किया", "вебхуков, ждущих ещё не зарегистрированного платежа: {}";
    DO_PARKED: "They are applied by themselves as soon as it is there.", "Diterapkan sendiri begitu pembayarannya ada.", "הם ייושמו מעצמם ברגע שיירשם.", "वह आते ही ये अपने आप लागू होंगे।", "Они применятся сами, как только он появится.";
    TODAY: "Today", "Hari ini", "היום", "आज", "Сегодня";
    LAST_7_DAYS: "Last 7 days", "7 hari terakhir", "7 ימים אחרונים", "पिछले 7 दिन", "Последние 7 дней";
    IN_FIGURES: "In figures", "Dalam angka", "במספרים", "आँकड़ों में", "В цифрах";
    TAKEN: "Money taken, {}", "Uang masuk, {}", "כסף שנכנס, {}", "आया पैसा, {}", "Получено, {}";
    GIVEN_BACK: "Money given back, {}", "Uang dikembalikan, {}", "כסף שהוחזר, {}", "लौटाया पैसा, {}", "Возвращено, {}";
    ORDERS_PAID: "Orders paid", "Pesanan dibayar", "הזמנות ששולמו", "भुगतान हुए ऑर्डर", "Оплачено заказов";
    ORDERS_CREATED: "Orders made", "Pesanan dibuat", "הזמנות שנוצרו", "बने ऑर्डर", "Создано заказов";
    AWAITING_NOW: "Await payment now", "Menunggu pembayaran kini", "ממתינות לתשלום עכשיו", "अभी भुगतान की प्रतीक्षा में", "Сейчас ждут оплаты";
    EVENTS_IN: "Events in", "Peristiwa masuk", "אירועים נכנסים", "आई घटनाएँ", "Пришло событий";
    EVENTS_APPLIED: "Events applied", "Peristiwa diterapkan", "אירועים שיושמו", "लागू घटनाएँ", "Применено событий";
    EVENTS_EARLY: "Events too early", "Peristiwa terlalu awal", "אירועים שהקדימו", "समय से पहले आई घटनाएँ", "Ранних событий";
    EVENTS_STALE: "Events that said nothing new", "Peristiwa tanpa hal baru", "אירועים ללא חידוש", "कुछ नया न कहने वाली घटनाएँ", "Событий без нового";
    DUPLICATES_STOPPED: "Duplicates stopped", "Duplikat dihentikan", "כפילויות שנעצרו", "रोके गए दोहराव", "Остановлено повторов";
    EARLY_CAUGHT: "Early ones caught", "Yang terlalu awal tertangkap", "מקדימים שנתפסו", "जल्दी आए जो थामे गए", "Поймано ранних";
    OVERSELLS_REFUSED: "Oversells refused", "Penjualan berlebih ditolak", "מכירות יתר שנמנעו", "अधिक बिक्री रोकी", "Отказано в перепродаже";
    RECEIPTS_ISSUED: "Receipts issued", "Kuitansi terbit", "קבלות שהונפקו", "जारी रसीदें", "Выдано чеков";
    DELIVERIES_REFUSED: "Deliveries refused", "Kiriman ditolak", "משלוחים שנדחו", "अस्वीकृत डिलीवरी", "Отклонено доставок";
    EFFECTS_DEAD: "Effects given up", "Efek dihentikan", "פעולות שהופסקו", "छोड़े गए बाहरी कार्य", "Прекращено действий";
    EFFECTS_WAITING: "Effects on their way", "Efek dalam antrean", "פעולות בדרך", "चल रहे बाहरी कार्य", "Действий в пути";
    QUEUE_AGE: "Events not applied yet, oldest", "Peristiwa belum diterapkan, terlama", "אירועים שטרם יושמו, הוותיק", "अभी लागू न हुई घटनाएँ, सबसे पुरानी", "Ещё не применено, старейшее";
    LATENCY: "Webhook answered within (half / 99 %)", "Webhook dijawab dalam (setengah / 99 %)", "וובהוק נענה תוך (חצי / 99%)", "वेबहुक का उत्तर (आधे / 99 %)", "Ответ на вебхук (половина / 99 %)";
    CHART_PAID_HOURS: "Orders paid, by the hour, since yesterday", "Pesanan dibayar per jam sejak kemarin", "הזמנות ששולמו לפי שעה, מאתמול", "कल से हर घंटे भुगतान हुए ऑर्डर", "Оплачено заказов по часам со вчера";
    CHART_EVENTS_HOURS: "Events in, by the hour, since yesterday", "Peristiwa masuk per jam sejak kemarin", "אירועים נכנסים לפי שעה, מאתמול", "कल से हर घंटे आई घटनाएँ", "События по часам со вчера";
    CHART_PAID_DAYS: "Orders paid, by the day", "Pesanan dibayar per hari", "הזמנות ששולמו לפי יום", "हर दिन भुगतान हुए ऑर्डर", "Оплачено заказов по дням";
    CHART_MONEY_DAYS: "Money taken by the day, {}", "Uang masuk per hari, {}", "כסף שנכנס לפי יום, {}", "हर दिन आया पैसा, {}", "Получено по дням, {}";
}
