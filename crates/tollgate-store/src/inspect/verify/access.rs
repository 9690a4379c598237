//! Tables that few rows are in and that stand for themselves: each sentence about them is a statement that finds the
//! rows for which it is not so.

use tollgate_core::id::{EndpointId, ErrorId, KeyId, UserId, encode};

use super::Verifying;
use crate::db::{Error, Row, Sql, id_at, two};
use crate::report::{Level, SEEN_MAX};

/// A sentence, and how a row is found for which it is false. The values are the shop, the time now, and how many rows
/// are shown at the most; the first column is what the row is called.
struct Sentence {
    invariant: &'static str,
    called: Called,
    sql: Sql,
    fault: &'static str,
}

/// What a row is called.
#[derive(Clone, Copy)]
enum Called {
    /// By a text.
    Text,
    /// By sixteen bytes, with this before them.
    Id(&'static str),
    /// It has no name that may be shown.
    Secret,
}

const fn fault(invariant: &'static str, called: Called, sql: Sql, fault: &'static str) -> Sentence {
    Sentence {
        invariant,
        called,
        sql,
        fault,
    }
}

/// Of a clock that stepped, so it is a warning.
const fn ahead(called: Called, sql: Sql) -> Sentence {
    fault(
        "time.ahead",
        called,
        sql,
        "was made at a time that is still to come",
    )
}

const fn changed_before_made(called: Called, sql: Sql) -> Sentence {
    fault("time.back", called, sql, "was changed before it was made")
}

/// A statement that both databases are asked.
const fn both(text: &'static str) -> Sql {
    two(text, text)
}

const SENTENCES: &[Sentence] = &[
    fault(
        "access",
        Called::Id(KeyId::PREFIX),
        both(
            "select id from api_keys
              where shop_id = ?1
                and (cast(?2 as bigint) is null or length(hash) <> 32 or length(former_hash) <> 32
                     or (former_hash is null) <> (former_until is null))
              limit ?3",
        ),
        "is a key with a hash that cannot be",
    ),
    fault(
        "access",
        Called::Id(KeyId::PREFIX),
        both(
            "select id from api_keys
              where shop_id = ?1 and cast(?2 as bigint) is not null
                and (scopes = ''
                     or trim(replace(replace(replace(scopes, 'read', ''), 'write', ''), 'admin', ''))
                        <> '')
              limit ?3",
        ),
        "is a key with a scope that we do not know",
    ),
    fault(
        "access",
        Called::Id(UserId::PREFIX),
        both(
            "select id from users
              where shop_id = ?1
                and (email <> lower(email) or email not like '%_@_%' or password not like '$%'
                     or role not in ('viewer', 'operator', 'admin') or cast(?2 as bigint) is null)
              limit ?3",
        ),
        "is a user with an address, a role or a password that cannot be",
    ),
    fault(
        "access",
        Called::Secret,
        both(
            "select 1 from sessions
              where shop_id = ?1
                and (length(hash) <> 32 or ends_at <= created_at or cast(?2 as bigint) is null
                     or (select users.id from users
                          where users.shop_id = sessions.shop_id
                            and users.id = sessions.user_id) is null
                     or (select shops.shop_id from shops
                          where shops.shop_id = sessions.opens) is null)
              limit ?3",
        ),
        "a session is of no user, opens no shop, or never ends",
    ),
    fault(
        "access",
        Called::Secret,
        both(
            "select 1 from stream_tickets
              where shop_id = ?1 and expires_at > cast(?2 as bigint) + 3600000
              limit ?3",
        ),
        "a ticket is good for longer than an hour",
    ),
    fault(
        "access",
        Called::Text,
        both(
            "select subject from sign_ins
              where shop_id = ?1 and (failures < 0 or cast(?2 as bigint) is null)
              limit ?3",
        ),
        "has tried to sign in so often as cannot be",
    ),
    fault(
        "endpoints",
        Called::Id(EndpointId::PREFIX),
        both(
            "select id from endpoints
              where shop_id = ?1
                and (url not like 'http%' or cast(?2 as bigint) is null
                     or (disabled_at is null) <> (disabled_reason is null))
              limit ?3",
        ),
        "has an address or an end that cannot be",
    ),
    fault(
        "targets",
        Called::Text,
        both(
            "select target from targets
              where shop_id = ?1
                and (failures < 0 or opened < 0 or probing not in (0, 1)
                     or (failing_since is null) <> (failures = 0) or cast(?2 as bigint) is null)
              limit ?3",
        ),
        "has failed so often as cannot be",
    ),
    fault(
        "alerts",
        Called::Text,
        both(
            "select key from alerts
              where shop_id = ?1
                and (last_seen_at < since or ended_at < since or count < 0 or times < 1
                     or cast(?2 as bigint) is null
                     or key <> case subject when '' then rule else rule || ':' || subject end)
              limit ?3",
        ),
        "is kept under another name, or has ended before it began",
    ),
    fault(
        "errors",
        Called::Id(ErrorId::PREFIX),
        both(
            "select id from errors
              where shop_id = ?1 and (count < 1 or last_at < at or cast(?2 as bigint) is null)
              limit ?3",
        ),
        "is counted so often, or from then to then, as cannot be",
    ),
    fault(
        "shops",
        Called::Text,
        both(
            "select what from forgotten
              where shop_id = ?1
                and (before > at or cast(?2 as bigint) is null
                     or position > coalesce((select position from shop_heads as h
                                              where h.shop_id = forgotten.shop_id), 0))
              limit ?3",
        ),
        "are said to be taken that are still to come: what is missing is not looked for up to then",
    ),
    ahead(
        Called::Id(KeyId::PREFIX),
        both("select id from api_keys where shop_id = ?1 and created_at > cast(?2 as bigint) + 300000 limit ?3"),
    ),
    ahead(
        Called::Id(UserId::PREFIX),
        both("select id from users where shop_id = ?1 and created_at > cast(?2 as bigint) + 300000 limit ?3"),
    ),
    fault(
        "time.ahead",
        Called::Secret,
        both("select 1 from sessions where shop_id = ?1 and created_at > cast(?2 as bigint) + 300000 limit ?3"),
        "a session was begun at a time that is still to come",
    ),
    fault(
        "time.ahead",
        Called::Text,
        both("select subject from sign_ins where shop_id = ?1 and tried_at > cast(?2 as bigint) + 300000 limit ?3"),
        "has tried to sign in at a time that is still to come",
    ),
    ahead(
        Called::Id(EndpointId::PREFIX),
        both("select id from endpoints where shop_id = ?1 and created_at > cast(?2 as bigint) + 300000 limit ?3"),
    ),
    fault(
        "time.ahead",
        Called::Text,
        both("select target from targets where shop_id = ?1 and failing_since > cast(?2 as bigint) + 300000 limit ?3"),
        "fails since a time that is still to come",
    ),
    fault(
        "time.ahead",
        Called::Text,
        both("select key from alerts where shop_id = ?1 and since > cast(?2 as bigint) + 300000 limit ?3"),
        "began at a time that is still to come",
    ),
    ahead(
        Called::Id(ErrorId::PREFIX),
        both("select id from errors where shop_id = ?1 and at > cast(?2 as bigint) + 300000 limit ?3"),
    ),
    fault(
        "time.ahead",
        Called::Text,
        both("select what from forgotten where shop_id = ?1 and at > cast(?2 as bigint) + 300000 limit ?3"),
        "were taken by retention at a time that is still to come",
    ),
    fault(
        "time.back",
        Called::Id(KeyId::PREFIX),
        both(
            "select id from api_keys
              where shop_id = ?1 and cast(?2 as bigint) is not null and revoked_at < created_at
              limit ?3",
        ),
        "was revoked before it was made",
    ),
    changed_before_made(
        Called::Id(UserId::PREFIX),
        both(
            "select id from users
              where shop_id = ?1 and cast(?2 as bigint) is not null and updated_at < created_at
              limit ?3",
        ),
    ),
    changed_before_made(
        Called::Id(EndpointId::PREFIX),
        both(
            "select id from endpoints
              where shop_id = ?1 and cast(?2 as bigint) is not null and updated_at < created_at
              limit ?3",
        ),
    ),
];

/// Looks at what stands for itself.
pub(super) fn look_at(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let limit = SEEN_MAX as i64 + 1;
    let now = verifying.now.as_millis();
    for sentence in SENTENCES {
        let called = |row: &Row<'_>| -> Result<String, Error> {
            Ok(match sentence.called {
                Called::Text => row.get(0)?,
                Called::Id(prefix) => format!("{prefix}_{}", encode(id_at(row, 0)?)),
                Called::Secret => String::new(),
            })
        };
        let shop = verifying.shop.0;
        let found = verifying
            .db
            .all(sentence.sql, &[&shop, &now, &limit], called)?;
        for name in found {
            let seen = format!("{name} {}", sentence.fault);
            let level = match sentence.invariant {
                // Right when it was written, by a clock that has stepped since.
                "time.ahead" | "time.back" => Level::Warn,
                _ => Level::Fail,
            };
            verifying.see(sentence.invariant, level, seen.trim().to_owned());
        }
    }
    Ok(())
}
