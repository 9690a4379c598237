-- Tickets by which a browser opens the live stream, each for one time and a minute. Of the ticket only its
-- SHA-256 is kept, and of the key that it was made with, so that it ends with that. topics: a bit for each.
create table stream_tickets (
    shop_id bigint not null,
    hash bytea not null constraint stream_tickets_hash_length check (length(hash) = 32),
    key_hash bytea not null constraint stream_tickets_key_hash_length check (length(key_hash) = 32),
    topics bigint not null,
    expires_at bigint not null,
    primary key (shop_id, hash)
);

-- The request that an effect goes back to, where that brought an id or a trace of its caller's: a JSON object
-- with request_id and trace_id. What is sent for the effect carries them on.
alter table effects add column origin text;
