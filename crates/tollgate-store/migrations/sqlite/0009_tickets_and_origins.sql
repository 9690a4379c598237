-- Tickets by which a browser opens the live stream, each for one time and a minute. Of the ticket only its
-- SHA-256 is kept, and of the key that it was made with, so that it ends with that. topics: a bit for each.
create table stream_tickets (
    shop_id integer not null,
    hash blob not null check (length(hash) = 32),
    key_hash blob not null check (length(key_hash) = 32),
    topics integer not null,
    expires_at integer not null,
    primary key (shop_id, hash)
) strict, without rowid;

-- The request that an effect goes back to, where that brought an id or a trace of its caller's: a JSON object
-- with request_id and trace_id. What is sent for the effect carries them on.
alter table effects add column origin text;
