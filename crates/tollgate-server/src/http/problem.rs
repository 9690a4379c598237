//! The table of error codes, and problem documents (RFC 9457).
//!
//! A code never changes. What customers of a shop may see is in the language they ask for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate_core::command::Unknown;
use tollgate_core::decision::{Existing, Refusal};
use tollgate_core::time::Span;
use tollgate_core::word::Word;
use tollgate_store::{Answer, Origin, SubmitError};

use super::body::shown;
use crate::app::AppError;
use crate::time_text::rfc3339;
use tollgate_outbound::language::{LANGUAGES, Language};

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

/// A place in the request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Place")]
pub(crate) struct Pointer {
    /// A JSON pointer into the body, `?name` for a parameter of the query, `{name}` for one of the
    /// path, or a header's name.
    pub(crate) pointer: String,
    /// What is wrong, in a word.
    pub(crate) code: &'static str,
    /// What is wrong, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) detail: String,
}

/// A refusal or an error on its way to becoming a document.
#[derive(Clone)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Clone)]
struct Parts {
    code: &'static Code,
    /// More than the table says; English.
    detail: Option<String>,
    errors: Vec<Pointer>,
    members: Vec<(&'static str, Value)>,
    new_key_required: bool,
    /// When to try again, where the table's time is not it.
    retry_after_ms: Option<u32>,
    /// What lies behind it, for the log alone.
    cause: Option<String>,
    /// What tells it apart from others of its code, where its members do not.
    because: Option<&'static str>,
    /// The id of the delivery it is about.
    about: Option<String>,
}

/// Why a request is refused (RFC 9457).
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    /// Where the code is explained.
    r#type: String,
    /// What happened, in a few English words.
    title: &'a str,
    /// The HTTP status, again.
    status: u16,
    /// What happened and what to do next, for people, in the language of `Content-Language`.
    detail: &'a str,
    /// What happened. It never changes: decide by it.
    code: &'a str,
    /// The same request may succeed later.
    retryable: bool,
    /// When to try again, in milliseconds from now; null where that is no use.
    retry_after_ms: Option<u32>,
    /// The answer is kept with the request's Idempotency-Key: only a new key can get another one.
    new_key_required: bool,
    /// The id under which the log speaks of the request.
    request_id: &'a str,
    /// Every place of the request that is wrong.
    errors: &'a [Pointer],
    #[serde(flatten)]
    members: BTreeMap<&'a str, &'a Value>,
}

/// The schema of problem documents.
pub(crate) fn problem_schema() -> Value {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.meta_schema = None;
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<Document<'_>>();
    schema.remove("title");
    schema.to_value()
}

/// What a request's responses depend on besides their content: its id and language.
#[derive(Debug, Clone)]
pub(crate) struct ResponseContext {
    /// The request's id: its sender's, or ours.
    pub(crate) request_id: String,
    /// What its sender calls it.
    pub(crate) origin: Option<Arc<Origin>>,
    /// In which language.
    pub(crate) language: Language,
}

impl From<&'static Code> for Problem {
    fn from(code: &'static Code) -> Problem {
        Problem(Box::new(Parts {
            code,
            detail: None,
            errors: Vec::new(),
            members: Vec::new(),
            new_key_required: false,
            retry_after_ms: None,
            cause: None,
            because: None,
            about: None,
        }))
    }
}

impl Problem {
    /// The row of the table.
    pub(crate) fn code(&self) -> &'static Code {
        self.0.code
    }

    /// Replaces the table's detail by a more exact one.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds a member of its own.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Problem {
        self.0.members.push((name, value.into()));
        self
    }

    /// Names a place in the request.
    pub(crate) fn at(mut self, pointer: impl Into<String>, code: &'static str) -> Problem {
        let pointer = Pointer {
            pointer: pointer.into(),
            code,
            detail: String::new(),
        };
        self.0.errors.push(pointer);
        self
    }

    /// Shows what stands at the places that are wrong, where nothing is said of them yet.
    pub(crate) fn found_at(mut self, named: &[(&'static str, String)]) -> Problem {
        for error in &mut self.0.errors {
            let found = named.iter().find(|(at, _)| *at == error.pointer);
            if let Some((_, text)) = found.filter(|_| error.detail.is_empty()) {
                error.detail = format!("found {}", shown(text));
            }
        }
        self
    }

    /// Every place that is wrong.
    pub(crate) fn invalid(errors: Vec<Pointer>) -> Problem {
        let mut problem = Problem::from(REQUEST_INVALID);
        problem.0.errors = errors;
        problem
    }

    /// One place that is wrong.
    pub(crate) fn invalid_at(pointer: impl Into<String>, detail: impl Into<String>) -> Problem {
        Problem::invalid(vec![Pointer {
            pointer: pointer.into(),
            code: "invalid",
            detail: detail.into(),
        }])
    }

    /// The answer is kept with the request's key, so only a new key can have another one (K8).
    pub(crate) fn sticks(mut self) -> Problem {
        self.0.new_key_required = true;
        self
    }

    /// When to try again.
    pub(crate) fn retry_after(mut self, wait: Span) -> Problem {
        let millis = u32::try_from(wait.as_millis().max(1)).unwrap_or(u32::MAX);
        self.0.retry_after_ms = Some(millis);
        self
    }

    /// A word that tells it apart from others of its code, for those who keep count.
    pub(crate) fn told_apart(mut self, word: &'static str) -> Problem {
        self.0.because = Some(word);
        self
    }

    /// It is about a delivery that is kept.
    pub(crate) fn about(mut self, id: Option<impl fmt::Display>) -> Problem {
        self.0.about = id.map(|id| id.to_string());
        self
    }

    /// What is said in the place of the table's detail.
    pub(super) fn said(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The places that are wrong, each with its word.
    pub(super) fn places(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let errors = self.0.errors.iter();
        errors.map(|error| (error.pointer.as_str(), error.code))
    }

    /// The members of its own.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.members.iter().map(|(name, value)| (*name, value))
    }

    /// What tells it apart, where its members do not.
    pub(super) fn because(&self) -> Option<&'static str> {
        self.0.because
    }

    /// The id of what it is about.
    pub(super) fn subject(&self) -> Option<&str> {
        self.0.about.as_deref()
    }

    /// The document.
    pub(crate) fn answer(&self, context: &ResponseContext) -> Answer {
        let Parts {
            code,
            detail,
            errors,
            members,
            new_key_required,
            retry_after_ms: _,
            cause: _,
            because: _,
            about: _,
        } = self.0.as_ref();
        let translated = code.details.get(context.language as usize);
        let detail = match (detail, translated) {
            (Some(detail), _) if context.language == Language::English => detail.as_str(),
            (Some(detail), None) => detail.as_str(),
            (_, Some(translated)) => translated,
            (None, None) => code.details[0],
        };
        let document = Document {
            r#type: format!("{CODES_PATH}#{}", code.code),
            title: code.title,
            status: code.status,
            detail,
            code: code.code,
            retryable: code.retryable,
            retry_after_ms: self.retry_after_ms(),
            new_key_required: *new_key_required,
            request_id: &context.request_id,
            errors,
            members: members.iter().map(|(name, value)| (*name, value)).collect(),
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        Answer {
            code: code.status,
            body,
        }
    }

    /// The language the document is in.
    pub(crate) fn language_tag(&self, context: &ResponseContext) -> &'static str {
        match self.0.code.details.get(context.language as usize) {
            Some(_) => context.language.tag(),
            None => Language::English.tag(),
        }
    }

    /// The seconds of `Retry-After`, rounded up.
    pub(crate) fn retry_after_seconds(&self) -> Option<u32> {
        self.retry_after_ms().map(|millis| millis.div_ceil(1000))
    }

    fn retry_after_ms(&self) -> Option<u32> {
        let Parts {
            code,
            retry_after_ms,
            ..
        } = self.0.as_ref();
        code.retryable
            .then(|| retry_after_ms.unwrap_or(code.retry_after_ms))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { code, detail, .. } = self.0.as_ref();
        write!(
            f,
            "{}: {}",
            code.code,
            detail.as_deref().unwrap_or(code.details[0])
        )
    }
}

impl fmt::Debug for Problem {
    /// One line for the log: without the table, which is documented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts {
            code,
            detail,
            errors,
            cause,
            ..
        } = self.0.as_ref();
        f.write_str(code.code)?;
        if let Some(text) = cause.as_ref().or(detail.as_ref()) {
            write!(f, ": {text}")?;
        }
        for Pointer { pointer, code, .. } in errors {
            write!(f, " {pointer:?} {code}")?;
        }
        Ok(())
    }
}

/// What the database said goes to the log, not to the caller.
fn not_stored(error: &SubmitError) -> Problem {
    let mut problem: Problem = match error {
        SubmitError::Overloaded { .. } => Problem::from(OVERLOADED).told_apart("queue_full"),
        SubmitError::Unavailable { .. } => Problem::from(UNAVAILABLE).told_apart("no_writes"),
        SubmitError::Closing => Problem::from(UNAVAILABLE).told_apart("closing"),
        SubmitError::OutcomeUnknown { .. } => OUTCOME_UNKNOWN.into(),
        SubmitError::Quarantined => QUARANTINED.into(),
    };
    problem.0.cause = Some(format!("failed to {error}"));
    problem
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Problem {
        match error {
            AppError::Refused(refusal) => refused(&refusal, &[]),
            AppError::NotFound => NOT_FOUND.into(),
            AppError::ReceiptPending => Problem::from(NOT_FOUND)
                .detail("The receipt is pending: its file is there once it is issued."),
            AppError::SourceUnknown => SOURCE_UNKNOWN.into(),
            AppError::KeyMissing => KEY_MISSING.into(),
            AppError::KeyUnknown => KEY_INVALID.into(),
            // Whoever has the key may know.
            AppError::KeyExpired => Problem::from(KEY_INVALID)
                .detail("The API key, or the former secret of one, has expired; make a new one."),
            AppError::KeyEnded => KEY_ENDED.into(),
            AppError::RankMissing => RANK_MISSING.into(),
            AppError::LastAdmin => LAST_ADMIN.into(),
            AppError::FormerSecret { until } => {
                Problem::from(FORMER_SECRET_GOOD).with("former_ends_at", rfc3339(until))
            }
            AppError::TooManyKeys { most } => Problem::from(TOO_MANY_KEYS).with("keys_max", most),
            AppError::SessionUnknown => SESSION_INVALID.into(),
            AppError::WelcomeUnknown => Problem::from(TICKET_INVALID).detail(
                "The link was used, is older than a day, or is another start's or instance's. A server says a new \
                 one when it starts as long as there is no user; `tollgate users create` makes one, too.",
            ),
            AppError::FirstUserExists => FIRST_USER_EXISTS.into(),
            AppError::CredentialsWrong => CREDENTIALS_INVALID.into(),
            AppError::SignInLocked { wait } => Problem::from(SIGN_IN_LOCKED).retry_after(wait),
            AppError::UserExists(id) => Problem::from(ALREADY_EXISTS).with("id", id.to_string()),
            AppError::TooManyUsers { most } => {
                Problem::from(TOO_MANY_USERS).with("users_max", most)
            }
            AppError::Unfit { pointer, why } => Problem::invalid_at(pointer, why),
            AppError::KeyReused => Problem::from(IDEMPOTENCY_KEY_REUSED).sticks(),
            AppError::CannotRefund => REFUND_NOT_SUPPORTED.into(),
            AppError::CannotAsk => STATUS_QUERY_NOT_SUPPORTED.into(),
            AppError::ProviderUnavailable(why) => Problem::from(PROVIDER_UNAVAILABLE).detail(why),
            AppError::EndpointExists(id) => {
                Problem::from(ALREADY_EXISTS).with("id", id.to_string())
            }
            AppError::TooManyEndpoints { most } => {
                Problem::from(TOO_MANY_ENDPOINTS).with("endpoints_max", most)
            }
            AppError::UrlRefused(why) => Problem::invalid_at("/url", why),
            AppError::TooManySlots { .. } => Problem::invalid_at("/days_ahead", error.to_string()),
            AppError::ShopUnknown => Problem::invalid_at("/shop", "there is no such shop"),
            AppError::ForeignShop => Problem::invalid_at(
                "/shop",
                "only the key of the configuration and admins of shop main manage other shops",
            ),
            AppError::TooOften { wait } => Problem::from(RATE_LIMITED).retry_after(wait),
            AppError::KeyTooFast(allowance) => {
                Problem::from(RATE_LIMITED).retry_after(allowance.after)
            }
            AppError::SourceTooFast { wait } => Problem::from(OVERLOADED)
                .detail(error.to_string())
                .retry_after(wait)
                .told_apart("source"),
            AppError::TooManyUnproved { wait } => Problem::from(OVERLOADED)
                .detail(error.to_string())
                .retry_after(wait)
                .told_apart("unproved"),
            AppError::DeliveryRefused {
                code,
                detail,
                delivery,
            } => Problem::from(code_of(code)).detail(detail).about(delivery),
            AppError::DeliveryTooLong { .. } | AppError::DeliveryTooLarge { .. } => {
                Problem::from(BODY_TOO_LARGE).detail(error.to_string())
            }
            AppError::TicketUnknown => TICKET_INVALID.into(),
            AppError::TooManyListeners => {
                let problem = Problem::from(OVERLOADED).detail(error.to_string());
                problem.told_apart("listeners")
            }
            AppError::TooManyTickets => {
                let problem = Problem::from(OVERLOADED).detail(error.to_string());
                problem.told_apart("tickets")
            }
            AppError::Contended => Problem::from(OVERLOADED).told_apart("contended"),
            AppError::NotStored(error) => not_stored(&error),
            AppError::Unavailable => UNAVAILABLE.into(),
            AppError::OutcomeUnknown => OUTCOME_UNKNOWN.into(),
            AppError::Internal => INTERNAL.into(),
        }
    }
}

/// There is no such currency.
fn currency_unknown() -> Problem {
    Problem::from(CURRENCY_UNKNOWN).at("/currency", "currency_unknown")
}

/// There is no currency of this code.
pub(crate) fn no_such_currency(code: &str) -> Problem {
    currency_unknown().found_at(&[("/currency", code.to_owned())])
}

/// The language of a problem that was written before: that of its detail.
pub(crate) fn language_of(document: &[u8]) -> &'static str {
    #[derive(Deserialize)]
    struct Written<'d> {
        #[serde(borrow)]
        code: Cow<'d, str>,
        #[serde(borrow)]
        detail: Cow<'d, str>,
    }
    let Ok(written) = serde_json::from_slice::<Written<'_>>(document) else {
        return Language::English.tag();
    };
    let details = code_of(&written.code).details;
    let language = LANGUAGES.iter().find(|language| {
        details
            .get(**language as usize)
            .is_some_and(|known| *known == written.detail)
    });
    language.map_or(Language::English.tag(), |language| language.tag())
}

/// A refusal as a problem. `skus` are the skus of the request's lines in order, for pointers.
pub(crate) fn refused(refusal: &Refusal, skus: &[String]) -> Problem {
    let pointers = |problem: Problem, sku: &str, code: &'static str| {
        let lines = skus.iter().enumerate().filter(|(_, line)| *line == sku);
        lines.fold(problem, |problem, (index, _)| {
            problem.at(format!("/lines/{index}/sku"), code)
        })
    };
    let waiting = |problem: Problem, waits: bool| match waits {
        true => problem.with("payment_waiting", true),
        false => problem,
    };
    match refusal {
        Refusal::NotFound => NOT_FOUND.into(),
        Refusal::AlreadyExists(existing) => {
            let id = match existing {
                Existing::Order(id) => id.to_string(),
                Existing::Payment(id) => id.to_string(),
            };
            Problem::from(ALREADY_EXISTS).with("id", id)
        }
        Refusal::OutOfStock {
            skus: short,
            payment_waiting,
        } => {
            let mut list = Vec::with_capacity(short.len());
            let mut detail = String::from("there is not enough of ");
            let mut problem = Problem::from(OUT_OF_STOCK);
            for (index, (sku, available, requested)) in short.iter().enumerate() {
                let comma = if index == 0 { "" } else { ", " };
                let _ = write!(detail, "{comma}{sku} ({available} of {requested})");
                list.push(serde_json::json!({
                    "sku": sku, "available": available, "requested": requested,
                }));
                problem = pointers(problem, sku, "out_of_stock");
            }
            waiting(problem.detail(detail).with("skus", list), *payment_waiting)
        }
        Refusal::SlotFull { payment_waiting } => waiting(
            Problem::from(SLOT_FULL).at("/slot", "slot_full"),
            *payment_waiting,
        ),
        Refusal::NoSlotWithRoom { payment_waiting } => {
            let problem = Problem::from(NO_SLOT_WITH_ROOM).at("/slot", "no_slot_with_room");
            waiting(problem, *payment_waiting)
        }
        Refusal::LargerThanSlot => Problem::from(LARGER_THAN_SLOT).at("/slot", "larger_than_slot"),
        Refusal::BelowHeld { held } => Problem::from(BELOW_HELD).with("held", *held),
        Refusal::Several(refusals) => several(refusals),
        Refusal::StockHeld { held } => Problem::from(IN_USE).with("held", *held),
        Refusal::CalendarBooked { starts_at, booked } => Problem::from(IN_USE)
            .with("starts_at", rfc3339(*starts_at))
            .with("booked", *booked),
        Refusal::MetadataTooLarge => {
            Problem::from(METADATA_TOO_LARGE).at("/metadata", "metadata_too_large")
        }
        Refusal::MetadataOfOrder => {
            Problem::from(METADATA_OF_ORDER).at("/metadata", "metadata_of_order")
        }
        Refusal::BelowBooked { starts_at, booked } => Problem::from(BELOW_BOOKED)
            .with("starts_at", rfc3339(*starts_at))
            .with("booked", *booked),
        Refusal::VersionMismatch { version } => {
            Problem::from(VERSION_MISMATCH).with("version", *version)
        }
        Refusal::OrderPaid => ORDER_PAID.into(),
        Refusal::HoldNotActive => Problem::from(HOLD_NOT_ACTIVE).at("/hold", "hold_not_active"),
        Refusal::RefundExceedsCaptured { refundable_minor } => {
            Problem::from(REFUND_EXCEEDS_CAPTURED).with("refundable_amount", *refundable_minor)
        }
        Refusal::RestockExceedsSold { sku, left } => Problem::from(RESTOCK_EXCEEDS_SOLD)
            .with("sku", sku.as_str())
            .with("left", *left)
            .at("/restock", "restock_exceeds_sold"),
        Refusal::SlotNotSold => Problem::from(SLOT_NOT_SOLD).at("/release_slot", "slot_not_sold"),
        Refusal::Unknown(Unknown::Lines) => Problem::from(LINES_EMPTY).at("/lines", "lines_empty"),
        Refusal::Unknown(Unknown::Currency) => currency_unknown(),
        Refusal::Unknown(Unknown::Source) => {
            // An order names it within its payment, and has lines; a payment has none.
            let pointer = match skus {
                [] => "/source",
                [..] => "/payment/source",
            };
            Problem::from(SOURCE_UNKNOWN).at(pointer, "source_unknown")
        }
        Refusal::Unknown(Unknown::Order) => {
            Problem::from(ORDER_UNKNOWN).at("/order", "order_unknown")
        }
        Refusal::SkuUnknown(sku) => pointers(
            Problem::from(SKU_UNKNOWN).with("sku", sku.as_str()),
            sku,
            "sku_unknown",
        ),
        Refusal::CalendarUnknown(calendar) => Problem::from(CALENDAR_UNKNOWN)
            .with("calendar", calendar.as_str())
            .at("/slot/calendar", "calendar_unknown"),
        Refusal::SlotUnknown => Problem::from(SLOT_UNKNOWN).at("/slot/slot_id", "slot_unknown"),
        Refusal::OrderUnknown => Problem::from(ORDER_UNKNOWN).at("/order", "order_unknown"),
        Refusal::TotalNegative => {
            Problem::from(TOTAL_NEGATIVE).at("/discount_amount", "total_negative")
        }
        Refusal::AmountOverflow => Problem::from(AMOUNT_OVERFLOW).at("", "amount_overflow"),
        Refusal::CurrencyMismatch => {
            Problem::from(CURRENCY_MISMATCH).at("/currency", "currency_mismatch")
        }
        Refusal::NotManual => NOT_MANUAL.into(),
        Refusal::TooManyPayments => TOO_MANY_PAYMENTS.into(),
        Refusal::EffectState(state) => Problem::from(EFFECT_STATE).with("state", state.word()),
        // Only workers get it, and they need no document.
        Refusal::LeaseLost => INTERNAL.into(),
    }
}

/// What could not be done of several things: the first one's problem, with the places of all and what each lacks.
fn several(refusals: &[(usize, Refusal)]) -> Problem {
    let mut problem: Problem = match refusals.first() {
        Some((_, first)) => refused(first, &[]),
        None => INTERNAL.into(),
    };
    for (place, refusal) in refusals {
        let one = refused(refusal, &[]);
        let lacks: Vec<String> = one
            .0
            .members
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        problem.0.errors.push(Pointer {
            pointer: format!("/items/{place}"),
            code: one.code().code,
            detail: lacks.join(", "),
        });
    }
    problem.0.members.clear();
    problem
}

#[cfg(test)]
pub(crate) mod tests {
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

    #[test]
    fn a_document_has_every_member() {
        let refusal = Refusal::OutOfStock {
            skus: vec![("a".into(), 1, 3)],
            payment_waiting: true,
        };
        let problem = refused(&refusal, &["b".into(), "a".into()]).sticks();
        let context = |language| ResponseContext {
            request_id: "req_1".into(),
            origin: None,
            language,
        };
        let read = |language| -> Value {
            serde_json::from_slice(&problem.answer(&context(language)).body).expect("it is JSON")
        };
        assert_eq!(
            read(Language::English),
            serde_json::json!({
                "type": "/docs/errors#out_of_stock", "title": "Not enough in stock",
                "status": 409, "detail": "there is not enough of a (1 of 3)",
                "code": "out_of_stock", "retryable": false, "retry_after_ms": null,
                "new_key_required": true, "request_id": "req_1",
                "errors": [{"pointer": "/lines/1/sku", "code": "out_of_stock"}],
                "skus": [{"sku": "a", "available": 1, "requested": 3}], "payment_waiting": true,
            })
        );
        assert_eq!(read(Language::Russian)["detail"], OUT_OF_STOCK.details[4]);
    }
}
