-- Shops whose orders get words (search_terms) that were there before, or that an instance of an earlier version takes
-- beside later ones: `after` is the last root whose words are written. A shop's row goes some days after this step.
-- On SQLite migration 8 writes them all.
create table words_left (
    shop_id bigint primary key,
    after bytea not null constraint words_left_after_length check (length(after) = 16)
);
insert into words_left (shop_id, after)
select shop_id, '\x00000000000000000000000000000000' from shop_heads;
