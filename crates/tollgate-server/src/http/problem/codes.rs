//! The table of error codes. A code never changes; what customers of a shop may see is in the language they ask for.

/// One row of the table.
#[derive(Debug)]
pub struct Code {
    /// The name on the wire.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The same request may succeed later.
    pub retryable: bool,
    /// When to try again, for what is retryable.
    pub retry_after_ms: u32,
    /// What happened, in a few words.
    pub title: &'static str,
    /// What happened and what to do next: English, Indonesian, Hindi, Hebrew, Russian. Codes that
    /// do not go to customers of a shop have English only.
    pub details: &'static [&'static str],
}

macro_rules! codes {
    ($($name:ident = $code:literal $status:literal $retry:tt $title:literal [$($detail:literal),+ $(,)?];)*) => {
        $(
            #[doc = $title]
            pub(crate) const $name: &Code = &Code {
                code: $code,
                status: $status,
                retryable: codes!(@retryable $retry),
                retry_after_ms: codes!(@after $retry),
                title: $title,
                details: &[$($detail),+],
            };
        )*

        /// The table.
        pub const CODES: &[&Code] = &[$($name),*];
    };
    (@retryable no) => { false };
    (@retryable $after:literal) => { true };
    (@after no) => { 0 };
    (@after $after:literal) => { $after };
}

codes! {
    REQUEST_INVALID = "request_invalid" 400 no "The request is not as documented"
        ["The request is not as documented; `errors` names every place that is wrong."];
    IDEMPOTENCY_KEY_REQUIRED = "idempotency_key_required" 400 no "An Idempotency-Key is missing"
        ["Send an Idempotency-Key header with a value of your own that stays the same when this request is repeated."];
    IDEMPOTENCY_KEY_INVALID = "idempotency_key_invalid" 400 no "The Idempotency-Key is unusable"
        ["Send one Idempotency-Key header of 1 to 255 printable ASCII characters without spaces."];
    HTTPS_WANTED = "https_wanted" 400 no "HTTPS is spoken here"
        ["This port speaks HTTPS: put https:// in the place of http://."];
    BODY_UNREADABLE = "body_unreadable" 400 no "The body cannot be read"
        ["The body is not what was announced."];
    KEY_MISSING = "key_missing" 401 no "An API key is missing"
        ["Send the header Authorization: Bearer tg_…, or sign in with POST /v1/session."];
    KEY_INVALID = "key_invalid" 401 no "The API key is not known"
        ["The API key is not known or was revoked; make a new one with `tollgate keys create`."];
    SESSION_INVALID = "session_invalid" 401 no "Nobody is signed in"
        ["The session has ended, or there was none; sign in with POST /v1/session."];
    CREDENTIALS_INVALID = "credentials_invalid" 401 no "Address or password are wrong"
        ["Nobody signs in with this address and this password at this shop."];
    TICKET_INVALID = "ticket_invalid" 401 no "The ticket opens nothing"
        ["The ticket was used, is older than a minute, or its key was revoked; ask for a new one with POST /v1/stream/tickets."];
    SIGNATURE_INVALID = "signature_invalid" 401 no "The signature is wrong"
        ["The webhook is not signed with one of the configured secrets; compare them with the provider's."];
    SIGNATURE_MISSING = "signature_missing" 401 no "The signature is missing"
        ["The webhook carries nothing to verify."];
    TIMESTAMP_OUT_OF_TOLERANCE = "timestamp_out_of_tolerance" 401 no "The signature is too old"
        ["The webhook was signed too long ago, or ahead of our clock; check both clocks."];
    SCOPE_MISSING = "scope_missing" 403 no "The API key may not do this"
        ["Use a key with the scope that `scope` names."];
    RANK_MISSING = "rank_missing" 403 no "Admins of shop main stand above the shops"
        ["Only the key of the configuration, an admin of shop main who has signed in, and the command line make, change or delete an admin of shop main."];
    CSRF_FAILED = "csrf_failed" 403 no "The request is not from our own pages"
        ["A session changes something only with the header X-CSRF-Token as GET /v1/session shows it, and from pages of this server's own address."];
    ADDRESS_NOT_ALLOWED = "address_not_allowed" 403 no "The sender's address is not listed"
        ["The webhook comes from an address that is not among the source's; if a proxy stands between, name it in server.trusted_proxies."];
    ACCOUNT_MISMATCH = "account_mismatch" 403 no "It is about another account"
        ["The webhook is genuine but about another account than the source's."];
    NOT_FOUND = "not_found" 404 no "There is no such thing" [
        "There is no such thing in this shop, or no such path.",
        "Tidak ada hal seperti itu di toko ini, atau alamatnya salah.",
        "इस दुकान में ऐसा कुछ नहीं है, या पता ग़लत है।",
        "אין דבר כזה בחנות הזו, או שהכתובת שגויה.",
        "В этом магазине такого нет, или адрес неверен.",
    ];
    SOURCE_UNKNOWN = "source_unknown" 404 no "There is no such source"
        ["No source of this name is configured; add [sources.NAME]."];
    METHOD_NOT_ALLOWED = "method_not_allowed" 405 no "Not with this method"
        ["This path does not take this method; `Allow` says which it takes."];
    BODY_SLOW = "body_slow" 408 2000 "The body came too slowly"
        ["The body did not come to its end in time; nothing was stored."];
    ALREADY_EXISTS = "already_exists" 409 no "It exists already" [
        "This code or reference is taken; `id` names what has it.",
        "Kode atau referensi ini sudah dipakai; `id` menunjukkan pemakainya.",
        "यह कोड या संदर्भ पहले से उपयोग में है; `id` बताता है किसके पास है।",
        "הקוד או האסמכתה כבר בשימוש; `id` מציין של מי הם.",
        "Этот код или номер уже занят; `id` указывает, чем именно.",
    ];
    OUT_OF_STOCK = "out_of_stock" 409 no "Not enough in stock" [
        "There is not enough in stock.",
        "Stok tidak cukup.",
        "पर्याप्त स्टॉक नहीं है।",
        "אין מספיק במלאי.",
        "На складе недостаточно товара.",
    ];
    SLOT_FULL = "slot_full" 409 no "The slot is full" [
        "This time slot is full; choose another one.",
        "Slot waktu ini sudah penuh; pilih yang lain.",
        "यह समय स्लॉट भर चुका है; कोई दूसरा चुनें।",
        "חלון הזמן הזה מלא; בחרו אחר.",
        "Это время уже занято; выберите другое.",
    ];
    NO_SLOT_WITH_ROOM = "no_slot_with_room" 409 no "No slot has room" [
        "No time slot has room for this.",
        "Tidak ada slot waktu yang cukup.",
        "किसी समय स्लॉट में इतनी जगह नहीं है।",
        "אין חלון זמן פנוי.",
        "Нет свободного времени.",
    ];
    BELOW_HELD = "below_held" 409 no "Less than what is held"
        ["Orders hold more than this; `held` says how much."];
    BELOW_BOOKED = "below_booked" 409 no "Less than what is booked"
        ["A booked slot would have less than what is booked, or end earlier; nothing was changed."];
    IN_USE = "in_use" 409 no "It is still needed"
        ["Holds have units of this sku (`held`), or a slot of this calendar that is not over is booked (`starts_at`, `booked`)."];
    KEY_ENDED = "key_ended" 409 no "The API key has ended"
        ["The API key was revoked or has expired, so it gets no new secret; make a new key."];
    FORMER_SECRET_GOOD = "former_secret_good" 409 no "The former secret is still good"
        ["The API key was given a new secret a short while ago, and the one before that still opens until `former_ends_at`. Rotate again after that, or with `overlap_hours` 0, which ends every secret but the new one at once."];
    LAST_ADMIN = "last_admin" 409 no "The shop's last admin"
        ["No other admin of this shop may sign in; make another one first, or let an admin of shop main do it."];
    FIRST_USER_EXISTS = "first_user_exists" 409 no "There is a user already"
        ["Shop main has a user: sign in, and let an admin make others (POST /v1/users, or `tollgate users create`)."];
    ORDER_PAID = "order_paid" 409 no "The order is paid" [
        "The order is paid and cannot be cancelled; refund it instead.",
        "Pesanan sudah dibayar dan tidak dapat dibatalkan; lakukan pengembalian dana.",
        "ऑर्डर का भुगतान हो चुका है और इसे रद्द नहीं किया जा सकता; धनवापसी करें।",
        "ההזמנה שולמה ואי אפשר לבטלה; יש לבצע החזר.",
        "Заказ оплачен, отменить его нельзя; оформите возврат.",
    ];
    EFFECT_STATE = "effect_state" 409 no "Not in this state"
        ["The effect is in the state that `state` names: only dead, unknown and waiting ones are retried, only unknown ones are settled by hand."];
    HOLD_NOT_ACTIVE = "hold_not_active" 409 no "The hold is not active" [
        "Nothing is set aside for this cart any more: its time ran out, it was released or it was ordered.",
        "Tidak ada lagi yang disisihkan untuk keranjang ini: waktunya habis, sudah dilepas, atau sudah dipesan.",
        "इस कार्ट के लिए अब कुछ भी अलग नहीं रखा है: समय समाप्त हुआ, छोड़ दिया गया, या ऑर्डर हो चुका है।",
        "שום דבר כבר לא שמור לעגלה הזו: הזמן עבר, היא שוחררה או שכבר הוזמנה.",
        "Для этой корзины больше ничего не отложено: время вышло, резерв снят или заказ уже оформлен.",
    ];
    REFUND_EXCEEDS_CAPTURED = "refund_exceeds_captured" 409 no "More than can be refunded"
        ["No more than `refundable_amount` can be refunded."];
    RESTOCK_EXCEEDS_SOLD = "restock_exceeds_sold" 409 no "More than was sold would come back"
        ["Of the sku in `sku` the order was sold no more than `left` that have not come back yet."];
    SLOT_NOT_SOLD = "slot_not_sold" 409 no "There is no slot to give back"
        ["The order has no sold slot, or has given it back already; leave `release_slot` out."];
    IDEMPOTENCY_IN_PROGRESS = "idempotency_in_progress" 409 1000 "The same request is being handled" [
        "The same request is being handled; ask again in a moment.",
        "Permintaan yang sama sedang diproses; coba lagi sebentar lagi.",
        "यही अनुरोध अभी संसाधित हो रहा है; थोड़ी देर में फिर पूछें।",
        "אותה בקשה נמצאת בטיפול; נסו שוב בעוד רגע.",
        "Такой же запрос уже обрабатывается; повторите через мгновение.",
    ];
    VERSION_MISMATCH = "version_mismatch" 412 0 "It has changed meanwhile"
        ["It has changed since you read it; read it again and repeat with the version of `version`."];
    BODY_TOO_LARGE = "body_too_large" 413 no "The body is too large"
        ["The body is larger than server.body_bytes_max, or holds more events than server.delivery_items_max."];
    CONTENT_TYPE_UNSUPPORTED = "content_type_unsupported" 415 no "Not in this format"
        ["Send JSON with Content-Type: application/json."];
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused" 422 no "The key was used for something else"
        ["This Idempotency-Key was used for another request; use a new key for a new request."];
    CURRENCY_UNKNOWN = "currency_unknown" 422 no "There is no such currency"
        ["Use an active currency code of ISO 4217."];
    CURRENCY_MISMATCH = "currency_mismatch" 422 no "Not this currency"
        ["The currency is not that of the order or the calendar."];
    AMOUNT_OVERFLOW = "amount_overflow" 422 no "The amount is too large"
        ["A sum is larger than 9007199254740991."];
    TOTAL_NEGATIVE = "total_negative" 422 no "The total is below zero"
        ["The discount is larger than lines and shipping together."];
    LINES_EMPTY = "lines_empty" 422 no "There are no lines"
        ["An order has at least one line."];
    SKU_UNKNOWN = "sku_unknown" 422 no "There is no such sku" [
        "There is no such item in stock. Put its stock first; a line of an order may say \"stocked\": false instead.",
        "Barang ini tidak ada di daftar stok.",
        "यह वस्तु स्टॉक की सूची में नहीं है।",
        "הפריט הזה אינו ברשימת המלאי.",
        "Такого товара нет в списке склада.",
    ];
    SLOT_UNKNOWN = "slot_unknown" 422 no "There is no such slot" [
        "There is no such slot, or it lies in the past.",
        "Slot waktu ini tidak ada, atau sudah lewat.",
        "ऐसा कोई समय स्लॉट नहीं है, या वह बीत चुका है।",
        "אין חלון זמן כזה, או שהוא כבר עבר.",
        "Такого времени нет, или оно уже прошло.",
    ];
    CALENDAR_UNKNOWN = "calendar_unknown" 422 no "There is no such calendar"
        ["Put the calendar first."];
    ORDER_UNKNOWN = "order_unknown" 422 no "There is no such order"
        ["There is no order of this id or code in this shop."];
    LARGER_THAN_SLOT = "larger_than_slot" 422 no "Larger than any slot" [
        "This is larger than any time slot.",
        "Ini lebih besar daripada slot waktu mana pun.",
        "यह किसी भी समय स्लॉट से बड़ा है।",
        "זה גדול מכל חלון זמן.",
        "Это больше любого временного интервала.",
    ];
    REFUND_NOT_SUPPORTED = "refund_not_supported" 422 no "Not for this source"
        ["Payments of this source cannot be refunded from here; refund at the provider."];
    STATUS_QUERY_NOT_SUPPORTED = "status_query_not_supported" 422 no "This source cannot be asked"
        ["The provider of this payment cannot be asked, or the source has no credentials to ask it."];
    METADATA_TOO_LARGE = "metadata_too_large" 422 no "Too much metadata"
        ["What is kept and what is added come to more than 16 KiB."];
    METADATA_OF_ORDER = "metadata_of_order" 422 no "The metadata is the order's"
        ["This payment has an order, and no metadata of its own; change the order's."];
    NOT_MANUAL = "not_manual" 422 no "Not for this source"
        ["Only payments of source manual can be captured by hand."];
    TOO_MANY_PAYMENTS = "too_many_payments" 422 no "Too many payments"
        ["The order has as many payments as it may have (orders.payments_max)."];
    TOO_MANY_ENDPOINTS = "too_many_endpoints" 422 no "Too many endpoints"
        ["The shop has as many endpoints as it may have; `endpoints_max` says how many. Delete one first."];
    TOO_MANY_KEYS = "too_many_keys" 422 no "Too many API keys"
        ["The shop has as many API keys as it may have; `keys_max` says how many. Revoke one first."];
    TOO_MANY_USERS = "too_many_users" 422 no "Too many users"
        ["The shop has as many users as it may have; `users_max` says how many. Delete one first."];
    SIGN_IN_LOCKED = "sign_in_locked" 429 30000 "Too many have tried to sign in"
        ["Signing in has failed too often for this address or from there; wait as long as Retry-After says, or have an admin unlock the user."];
    RATE_LIMITED = "rate_limited" 429 1000 "Too often" [
        "You ask too often; wait a moment.",
        "Terlalu sering; tunggu sebentar.",
        "बहुत बार पूछा गया; थोड़ी देर प्रतीक्षा करें।",
        "יותר מדי פניות; המתינו רגע.",
        "Слишком часто; подождите немного.",
    ];
    INTERNAL = "internal" 500 no "An error of ours" [
        "This is an error of ours; it is in the log under this request_id.",
        "Ini kesalahan di pihak kami; sudah dicatat dengan request_id ini.",
        "यह हमारी ओर की त्रुटि है; यह इस request_id के साथ दर्ज है।",
        "זו תקלה אצלנו; היא נרשמה תחת request_id זה.",
        "Это ошибка на нашей стороне; она записана под этим request_id.",
    ];
    QUARANTINED = "quarantined" 500 no "It could not be decided" [
        "Deciding about it failed; it is kept and an alert was raised.",
        "Permintaan ini gagal diproses; sudah disimpan dan petugas sudah diberi tahu.",
        "इसे संसाधित नहीं किया जा सका; यह सहेजा गया है और सूचना दे दी गई है।",
        "הטיפול נכשל; הבקשה נשמרה ונשלחה התראה.",
        "Обработать это не удалось; запрос сохранён, ответственные оповещены.",
    ];
    OVERLOADED = "overloaded" 503 1000 "Too much at once" [
        "Too much is waiting; nothing was stored. Try again in a moment.",
        "Sistem sedang sibuk; tidak ada yang disimpan. Coba lagi sebentar lagi.",
        "अभी बहुत व्यस्त है; कुछ भी सहेजा नहीं गया। थोड़ी देर में फिर कोशिश करें।",
        "העומס גדול; דבר לא נשמר. נסו שוב בעוד רגע.",
        "Слишком много запросов; ничего не сохранено. Повторите через мгновение.",
    ];
    UNAVAILABLE = "unavailable" 503 2000 "The database takes no writes" [
        "It cannot be stored right now; nothing was stored. Try again in a moment.",
        "Saat ini tidak dapat disimpan; tidak ada yang disimpan. Coba lagi sebentar lagi.",
        "अभी सहेजा नहीं जा सकता; कुछ भी सहेजा नहीं गया। थोड़ी देर में फिर कोशिश करें।",
        "כרגע אי אפשר לשמור; דבר לא נשמר. נסו שוב בעוד רגע.",
        "Сейчас сохранить нельзя; ничего не сохранено. Повторите через мгновение.",
    ];
    PROVIDER_UNAVAILABLE = "provider_unavailable" 503 5000 "The provider does not answer" [
        "The provider was asked and has not answered; it is asked again by itself.",
        "Penyedia pembayaran belum menjawab; akan ditanyakan lagi secara otomatis.",
        "भुगतान प्रदाता ने अभी उत्तर नहीं दिया; उससे फिर अपने आप पूछा जाएगा।",
        "ספק התשלומים עדיין לא ענה; הוא יישאל שוב מעצמו.",
        "Платёжный сервис ещё не ответил; он будет запрошен снова автоматически.",
    ];
    OUTCOME_UNKNOWN = "outcome_unknown" 503 1000 "The end was not seen" [
        "It may have been stored or not; repeating the same request is safe.",
        "Mungkin sudah tersimpan atau belum; mengulang permintaan yang sama aman.",
        "यह सहेजा गया हो सकता है या नहीं; यही अनुरोध दोहराना सुरक्षित है।",
        "ייתכן שנשמר וייתכן שלא; בטוח לחזור על אותה בקשה.",
        "Запрос мог сохраниться или нет; повторить его безопасно.",
    ];
}

/// Where the table is shown; the anchor of a row is its code.
pub(crate) const CODES_PATH: &str = "/docs/errors";

/// The row of a code, for codes that come as text.
pub(crate) fn code_of(text: &str) -> &'static Code {
    CODES
        .iter()
        .find(|row| row.code == text)
        .copied()
        .unwrap_or(INTERNAL)
}

#[cfg(test)]
pub(crate) mod tests {
    use tollgate_outbound::language::{LANGUAGES, Language};

    use super::*;

    /// Half of its letters at least are of a language's script: else a text of another language stands in its
    /// place. English and Indonesian have the same one.
    pub(crate) fn is_of(language: Language, text: &str) -> bool {
        let is_own = |letter: &char| match language {
            Language::English | Language::Indonesian => letter.is_ascii_alphabetic(),
            Language::Hindi => matches!(letter, '\u{900}'..='\u{97f}'),
            Language::Hebrew => matches!(letter, '\u{590}'..='\u{5ff}'),
            Language::Russian => matches!(letter, '\u{400}'..='\u{4ff}'),
        };
        let letters = text.chars().filter(|letter| letter.is_alphabetic());
        let (own, all) = (letters.clone().filter(is_own).count(), letters.count());
        0 < all && all <= 2 * own
    }

    #[test]
    fn every_code_stands_once_and_has_one_or_five_languages() {
        for (index, code) in CODES.iter().enumerate() {
            assert!(
                CODES[..index].iter().all(|other| other.code != code.code),
                "{}",
                code.code
            );
            assert!(matches!(code.details.len(), 1 | 5), "{}", code.code);
            assert_eq!(code_of(code.code).status, code.status);
        }
    }

    /// What customers of a shop may be shown. All other codes are for staff, in English.
    const FOR_CUSTOMERS: [&Code; 18] = [
        NOT_FOUND,
        ALREADY_EXISTS,
        OUT_OF_STOCK,
        SLOT_FULL,
        NO_SLOT_WITH_ROOM,
        ORDER_PAID,
        HOLD_NOT_ACTIVE,
        IDEMPOTENCY_IN_PROGRESS,
        SKU_UNKNOWN,
        SLOT_UNKNOWN,
        LARGER_THAN_SLOT,
        RATE_LIMITED,
        INTERNAL,
        QUARANTINED,
        OVERLOADED,
        UNAVAILABLE,
        PROVIDER_UNAVAILABLE,
        OUTCOME_UNKNOWN,
    ];

    #[test]
    fn customers_are_told_in_their_language_and_staff_in_english() {
        for code in CODES {
            let is_for_customers = FOR_CUSTOMERS.iter().any(|known| known.code == code.code);
            let expected = if is_for_customers { LANGUAGES.len() } else { 1 };
            assert_eq!(code.details.len(), expected, "{}", code.code);
        }
        for code in FOR_CUSTOMERS {
            for (language, detail) in LANGUAGES.iter().zip(code.details) {
                assert!(
                    is_of(*language, detail),
                    "{language:?} {}: {detail}",
                    code.code
                );
            }
            let mut all = code.details.to_vec();
            all.sort_unstable();
            all.dedup();
            assert_eq!(
                all.len(),
                LANGUAGES.len(),
                "{} is the same in two",
                code.code
            );
        }
    }
}
