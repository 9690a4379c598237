-- Who may do what, and who did it.
--
-- A key may end by itself, has a former secret that still opens for a while after it was given a new one, and
-- says when it was last used, to a minute. `prefix` is what of it may be shown; keys of before have none.
alter table api_keys add column prefix text collate "C" not null default '';
alter table api_keys add column expires_at bigint;
alter table api_keys add column last_used_at bigint;
alter table api_keys add column rotated_at bigint;
alter table api_keys add column former_hash bytea;
alter table api_keys add column former_until bigint;
create unique index api_keys_former on api_keys (former_hash);

-- People who sign in. A mail address is one of its shop's, in small letters. `password` is a PHC string
-- (argon2id).
create table users (
    shop_id bigint not null,
    id bytea not null constraint users_id_length check (length(id) = 16),
    email text collate "C" not null,
    name text not null,
    role text collate "C" not null,
    password text collate "C" not null,
    created_at bigint not null,
    updated_at bigint not null,
    disabled_at bigint,
    signed_in_at bigint,
    primary key (shop_id, id)
);
create unique index users_email on users (shop_id, email);

-- What people who have signed in come with: of their token only a hash is kept. `shop_id` is the user's shop,
-- `opens` the one that the session is for. `seen_at` is kept to a minute.
create table sessions (
    shop_id bigint not null,
    hash bytea not null,
    user_id bytea not null,
    opens bigint not null,
    created_at bigint not null,
    seen_at bigint not null,
    ends_at bigint not null,
    primary key (shop_id, hash)
);
create unique index sessions_hash on sessions (hash);
create index sessions_user on sessions (shop_id, user_id);

-- Tries to sign in that have not come to their good end: of whom (`user:` and a hash of the address that was
-- typed in, whether there is such a user or not), and from where (`address:`).
create table sign_ins (
    shop_id bigint not null,
    subject text collate "C" not null,
    failures bigint not null,
    tried_at bigint not null,
    until_at bigint not null,
    primary key (shop_id, subject)
);
create index sign_ins_tried on sign_ins (shop_id, tried_at);

-- What a person or a key changed that no entry of the timeline tells. `position` is that of the shop's feed at
-- the time, so that both are one list.
create table audit (
    shop_id bigint not null,
    position bigint not null,
    id bytea not null constraint audit_id_length check (length(id) = 16),
    at bigint not null,
    operation text collate "C" not null,
    target text collate "C",
    actor text not null,
    key_id bytea,
    user_id bytea,
    request text collate "C",
    detail text not null,
    primary key (shop_id, position, id)
);
