-- Tries to sign in that have failed are taken earlier than other records of who changed what: anybody can make as
-- many as they like.
create index audit_failed_sign_ins on audit (shop_id, position, id) where operation = 'sign_in_failed';
