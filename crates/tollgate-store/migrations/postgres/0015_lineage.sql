-- The clusters and timelines of PostgreSQL that instances have written to (docs/high-availability.md): where each was
-- first seen, and how far its log had got by then. vouched is 1 where an instance that had answered commits on the
-- one before has found all of them here.
create table lineage (
    system_identifier bigint not null,
    timeline bigint not null,
    host text not null,
    seen_at bigint not null,
    lsn text not null,
    vouched bigint not null,
    primary key (system_identifier, timeline)
);

-- What an instance had answered and did not find again, a row for each of its lanes. Nothing is stored while
-- accepted_at of one is null: an operator decides (`tollgate failover accept`).
create table lost_commits (
    lane text collate "C" not null,
    batch bytea not null,
    system_identifier bigint not null,
    timeline bigint not null,
    host text not null,
    found_at bigint not null,
    since bigint not null,
    answered_at bigint not null,
    answered_timeline bigint not null,
    answered_lsn text not null,
    branched_lsn text not null,
    batches bigint not null,
    answers bigint not null,
    accepted_at bigint,
    primary key (lane, batch)
);
create index lost_commits_open on lost_commits (found_at) where accepted_at is null;
