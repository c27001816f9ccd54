-- After the migrations: the tables that Debezium captures, and no other.
GRANT SELECT ON shop.transactions TO 'debezium'@'%';
GRANT SELECT ON shop.outbox TO 'debezium'@'%';
