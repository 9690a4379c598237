-- Words by which an order is found: of its customer's name, the mail address, the digits of the telephone
-- number, folded; and ids of providers, behind a # (tables/search_terms.rs). Code, references and receipt numbers have indexes of their own. Rows
-- of orders that were there before are written right after this script.
create table search_terms (
    shop_id integer not null,
    term text not null,
    root blob not null check (length(root) = 16),
    primary key (shop_id, term, root)
) strict, without rowid;
