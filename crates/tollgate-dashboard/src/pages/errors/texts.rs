//! What the pages of errors say.

use crate::words::texts;

texts! {
    ABOUT: "What was refused and what has failed, a line for each kind and second. A code leads to what it means and what to do.", "Yang ditolak dan yang gagal, satu baris per jenis dan detik. Kode menuntun ke arti dan tindakannya.", "מה שנדחה ומה שנכשל, שורה לכל סוג ושנייה. קוד מוביל למשמעותו ולמה שיש לעשות.", "जो अस्वीकार हुआ और जो विफल रहा, हर प्रकार और सेकंड की एक पंक्ति। कोड उसके अर्थ और उपाय पर ले जाता है।", "Что отклонено и что не удалось, строка на вид и секунду. Код ведёт к тому, что он значит и что делать.";
    CODE: "Code", "Kode", "קוד", "कोड", "Код";
    CAUSE: "Cause", "Penyebab", "גורם", "कारण", "Причина";
    LEVEL: "Level", "Tingkat", "רמה", "स्तर", "Уровень";
    LEVEL_WARN: "refused", "ditolak", "נדחה", "अस्वीकृत", "отклонено";
    LEVEL_ERROR: "failed", "gagal", "נכשל", "विफल", "не удалось";
    OPERATION: "At what", "Pada apa", "במה", "किसमें", "При чём";
    COUNT: "How many", "Berapa kali", "כמה", "कितने", "Сколько";
    LAST: "Last", "Terakhir", "אחרון", "अंतिम", "Последний раз";
    FIRST_REQUEST: "First request", "Permintaan pertama", "הבקשה הראשונה", "पहला अनुरोध", "Первый запрос";
    KEY: "Key", "Kunci", "מפתח", "कुंजी", "Ключ";
    DELIVERY: "The delivery", "Kirimannya", "המשלוח", "डिलीवरी", "Доставка";
    EFFECT: "The effect", "Efeknya", "הפעולה", "बाहरी कार्य", "Действие";
    SINCE: "Since (UTC)", "Sejak (UTC)", "מאז (UTC)", "कब से (UTC)", "С (UTC)";
    UNTIL: "Until before (UTC)", "Sampai sebelum (UTC)", "עד לפני (UTC)", "इससे पहले तक (UTC)", "До (UTC)";
    DAYS: "{} days", "{} hari", "{} ימים", "{} दिन", "Дней: {}";
    TODAY: "Today (UTC)", "Hari ini (UTC)", "היום (UTC)", "आज (UTC)", "Сегодня (UTC)";
    IN_ALL: "In all", "Seluruhnya", "בסך הכול", "कुल", "Всего";
    BY_DAY: "By days (UTC)", "Per hari (UTC)", "לפי ימים (UTC)", "दिन के अनुसार (UTC)", "По дням (UTC)";
    BY_HOUR: "The last 48 hours (UTC)", "48 jam terakhir (UTC)", "48 השעות האחרונות (UTC)", "पिछले 48 घंटे (UTC)", "Последние 48 часов (UTC)";
    BY_CODE: "Most by code", "Terbanyak per kode", "הרבה לפי קוד", "कोड के अनुसार सबसे अधिक", "Больше всего по кодам";
    BY_OPERATION: "Most by operation", "Terbanyak per operasi", "הרבה לפי פעולה", "कार्य के अनुसार सबसे अधिक", "Больше всего по операциям";
    BY_SOURCE: "Most by source", "Terbanyak per sumber", "הרבה לפי מקור", "स्रोत के अनुसार सबसे अधिक", "Больше всего по источникам";
    SHOW: "Show", "Tampilkan", "הצגה", "दिखाएँ", "Показать";
}
