-- Who may do what, and who did it.
--
-- A key may end by itself, has a former secret that still opens for a while after it was given a new one, and
-- says when it was last used, to a minute. `prefix` is what of it may be shown; keys of before have none.
alter table api_keys add column prefix text not null default '';
alter table api_keys add column expires_at integer;
alter table api_keys add column last_used_at integer;
alter table api_keys add column rotated_at integer;
alter table api_keys add column former_hash blob;
alter table api_keys add column former_until integer;
create unique index api_keys_former on api_keys (former_hash);

-- People who sign in. A mail address is one of its shop's, in small letters. `password` is a PHC string
-- (argon2id).
create table users (
    shop_id integer not null,
    id blob not null check (length(id) = 16),
    email text not null,
    name text not null,
    role text not null,
    password text not null,
    created_at integer not null,
    updated_at integer not null,
    disabled_at integer,
    signed_in_at integer,
    primary key (shop_id, id)
) strict, without rowid;
create unique index users_email on users (shop_id, email);

-- What people who have signed in come with: of their token only a hash is kept. `shop_id` is the user's shop,
-- `opens` the one that the session is for. `seen_at` is kept to a minute.
create table sessions (
    shop_id integer not null,
    hash blob not null,
    user_id blob not null,
    opens integer not null,
    created_at integer not null,
    seen_at integer not null,
    ends_at integer not null,
    primary key (shop_id, hash)
) strict, without rowid;
create unique index sessions_hash on sessions (hash);
create index sessions_user on sessions (shop_id, user_id);

-- Tries to sign in that have not come to their good end: of whom (`user:` and a hash of the address that was
-- typed in, whether there is such a user or not), and from where (`address:`).
create table sign_ins (
    shop_id integer not null,
    subject text not null,
    failures integer not null,
    tried_at integer not null,
    until_at integer not null,
    primary key (shop_id, subject)
) strict, without rowid;
create index sign_ins_tried on sign_ins (shop_id, tried_at);

-- What a person or a key changed that no entry of the timeline tells. `position` is that of the shop's feed at
-- the time, so that both are one list.
create table audit (
    shop_id integer not null,
    position integer not null,
    id blob not null check (length(id) = 16),
    at integer not null,
    operation text not null,
    target text,
    actor text not null,
    key_id blob,
    user_id blob,
    request text,
    detail text not null,
    primary key (shop_id, position, id)
) strict, without rowid;
