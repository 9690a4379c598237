-- What was refused and what has failed: a row a kind and second, a kind and minute where strangers cause it, with how
-- many there were. shop_id is 0 for what is no shop's: no key, an unknown one, an unknown path. The id is made of when
-- the row's time begins and of what the kind is, so whoever writes the same kind of the same time adds to it. `about`
-- is the id of the delivery or effect that the first one was about.
create table errors (
    shop_id bigint not null,
    id bytea not null constraint errors_id_length check (length(id) = 16),
    at bigint not null,
    last_at bigint not null,
    count bigint not null,
    level text collate "C" not null
        constraint errors_level check (level in ('warn', 'error')),
    code text collate "C" not null,
    cause text collate "C" not null,
    operation text collate "C" not null,
    source text collate "C",
    key_id bytea,
    key_name text,
    status bigint not null,
    request_id text collate "C",
    last_request_id text collate "C",
    about text collate "C",
    detail text not null,
    primary key (shop_id, id)
);
create index errors_code on errors (shop_id, code, id);

-- The same added up by hours: what statistics are read from, and kept when the rows are not any more. `source` is
-- empty where there is none.
create table error_hours (
    shop_id bigint not null,
    hour bigint not null,
    code text collate "C" not null,
    cause text collate "C" not null,
    operation text collate "C" not null,
    source text collate "C" not null,
    level text collate "C" not null,
    count bigint not null,
    primary key (shop_id, hour, code, cause, operation, source)
);

-- How many rows `errors` has of a shop, so that nobody counts them.
create table errors_kept (
    shop_id bigint primary key,
    kept bigint not null
);

-- What has happened, added up by quarters of an hour (a day begins at one in every time zone). `unit` is a currency
-- where `amount` is money, else empty.
create table shop_figures (
    shop_id bigint not null,
    at bigint not null,
    name text collate "C" not null,
    unit text collate "C" not null,
    amount bigint not null,
    primary key (shop_id, at, name, unit)
) with (fillfactor = 50);

-- The few that a person should look at.
create index roots_attention on roots (shop_id, attention) where attention > 0;
create index effects_lost on effects (shop_id, state) where state in ('dead', 'unknown');
