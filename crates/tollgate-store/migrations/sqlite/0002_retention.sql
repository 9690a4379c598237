-- What retention has taken of a shop: everything of its kind that was made before `before`, when it
-- was taken last (`at`), and the feed's position then. Whoever looks for what is missing looks here.
create table forgotten (
    shop_id integer not null,
    what text not null,
    before integer not null,
    position integer not null,
    at integer not null,
    primary key (shop_id, what)
) strict, without rowid;
