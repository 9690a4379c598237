-- Words by which an order is found: of its customer's name, the mail address, the digits of the telephone
-- number, folded; and ids of providers, behind a # (tables/search_terms.rs). Code, references and receipt numbers have indexes of their own. Rows
-- of orders that were there before are written right after this script. It has no months, like names and codes:
-- a search goes by the word, over all of them.
create table search_terms (
    shop_id bigint not null,
    term text collate "C" not null,
    root bytea not null constraint search_terms_root_length check (length(root) = 16),
    primary key (shop_id, term, root)
);
