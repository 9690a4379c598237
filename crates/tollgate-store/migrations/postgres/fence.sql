alter table shop_heads alter column oldest_writer set default {oldest};
update shop_heads set oldest_writer = {oldest};
