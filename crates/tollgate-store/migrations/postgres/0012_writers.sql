-- Who may go on writing once a step has run (docs/adr/0023): programs that know schema version oldest_writer or a later
-- one. A step without a row here is one that only its own programs write after.
create table migration_writers (
    version bigint primary key,
    oldest_writer bigint not null
);

-- The same for batches, which lock the row of their shop's head and read it there: a lock that was waited for shows the
-- row as it is then, so no batch is begun by a program that a migration has shut out meanwhile. New shops get the default,
-- which such a migration sets with the rows.
alter table shop_heads add column oldest_writer bigint not null default 0;

-- Rows of a table without a primary key are not updated as long as a publication is for all tables. The index is there.
alter table receipts add constraint receipts_id primary key using index receipts_id;
alter table view_marks add constraint view_marks_key primary key (mark);
