-- What an operator is to look at: a row a rule and subject (docs/alerts.md), open while ended_at is null. Those of the
-- server stand with shop main. times is how often it was opened; what and remedy are sentences.
create table alerts (
    shop_id integer not null,
    key text not null,
    rule text not null,
    subject text not null,
    since integer not null,
    last_seen_at integer not null,
    ended_at integer,
    count integer not null,
    times integer not null,
    what text not null,
    remedy text not null,
    primary key (shop_id, key)
) strict, without rowid;

-- Who looks for what is no single instance's, and until when: one row.
create table alert_rounds (
    shop_id integer not null primary key,
    holder text not null,
    until integer not null
) strict;

-- Of what was given up the first and the newest are found by when that was.
drop index effects_lost;
create index effects_lost on effects (shop_id, state, settled_at) where state in ('dead', 'unknown');
