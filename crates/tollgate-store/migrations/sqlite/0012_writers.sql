-- Who may go on writing once a step has run (docs/adr/0023): programs that know schema version oldest_writer or a later
-- one. A step without a row here is one that only its own programs write after. Every batch asks.
create table migration_writers (
    version integer primary key,
    oldest_writer integer not null
) strict;
