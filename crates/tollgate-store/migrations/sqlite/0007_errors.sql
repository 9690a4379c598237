-- What was refused and what has failed: a row a kind and second, a kind and minute where strangers cause it, with how
-- many there were. shop_id is 0 for what is no shop's: no key, an unknown one, an unknown path. The id is made of when
-- the row's time begins and of what the kind is, so whoever writes the same kind of the same time adds to it. `about`
-- is the id of the delivery or effect that the first one was about.
create table errors (
    shop_id integer not null,
    id blob not null check (length(id) = 16),
    at integer not null,
    last_at integer not null,
    count integer not null,
    level text not null check (level in ('warn', 'error')),
    code text not null,
    cause text not null,
    operation text not null,
    source text,
    key_id blob,
    key_name text,
    status integer not null,
    request_id text,
    last_request_id text,
    about text,
    detail text not null,
    primary key (shop_id, id)
) strict, without rowid;
create index errors_code on errors (shop_id, code, id);

-- The same added up by hours: what statistics are read from, and kept when the rows are not any more. `source` is
-- empty where there is none.
create table error_hours (
    shop_id integer not null,
    hour integer not null,
    code text not null,
    cause text not null,
    operation text not null,
    source text not null,
    level text not null,
    count integer not null,
    primary key (shop_id, hour, code, cause, operation, source)
) strict, without rowid;

-- How many rows `errors` has of a shop, so that nobody counts them.
create table errors_kept (
    shop_id integer not null primary key,
    kept integer not null
) strict;

-- What has happened, added up by quarters of an hour (a day begins at one in every time zone). `unit` is a currency
-- where `amount` is money, else empty.
create table shop_figures (
    shop_id integer not null,
    at integer not null,
    name text not null,
    unit text not null,
    amount integer not null,
    primary key (shop_id, at, name, unit)
) strict, without rowid;

-- The few that a person should look at.
create index roots_attention on roots (shop_id, attention) where attention > 0;
create index effects_lost on effects (shop_id, state) where state in ('dead', 'unknown');
