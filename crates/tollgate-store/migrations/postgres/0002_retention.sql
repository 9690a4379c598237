-- What retention has taken of a shop: everything of its kind that was made before `before`, when it
-- was taken last (`at`), and the feed's position then. Whoever looks for what is missing looks here.
create table forgotten (
    shop_id bigint not null,
    what text collate "C" not null,
    before bigint not null,
    position bigint not null,
    at bigint not null,
    primary key (shop_id, what)
);
