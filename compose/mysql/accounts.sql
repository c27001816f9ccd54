-- The shop's database and who may do what in it. Passwords come from the environment or files of secrets.
CREATE DATABASE IF NOT EXISTS shop CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

-- API, workers, Celery: rows, and nothing else. Triggers keep it from changing the audit log, and it may drop none.
CREATE USER IF NOT EXISTS 'platform'@'%' IDENTIFIED BY '${MYSQL_PLATFORM_PASSWORD}' REQUIRE SSL;
ALTER USER 'platform'@'%' IDENTIFIED BY '${MYSQL_PLATFORM_PASSWORD}' REQUIRE SSL;
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO 'platform'@'%';

-- Where changes are logged as rows, as here, a trigger's own statements are never repeated: who migrates may make some.
SET PERSIST log_bin_trust_function_creators = ON;

-- manage.py migrate: tables and triggers too; and databases of their own for tests.
CREATE USER IF NOT EXISTS 'migrator'@'%' IDENTIFIED BY '${MYSQL_MIGRATOR_PASSWORD}' REQUIRE SSL;
ALTER USER 'migrator'@'%' IDENTIFIED BY '${MYSQL_MIGRATOR_PASSWORD}' REQUIRE SSL;
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, TRIGGER ON shop.* TO 'migrator'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, TRIGGER ON `test\_%`.* TO 'migrator'@'%';

-- Debezium: the binlog, a consistent snapshot, and (in debezium.sql, once they are there) the tables that it captures.
CREATE USER IF NOT EXISTS 'debezium'@'%' IDENTIFIED BY '${MYSQL_DEBEZIUM_PASSWORD}' REQUIRE SSL;
ALTER USER 'debezium'@'%' IDENTIFIED BY '${MYSQL_DEBEZIUM_PASSWORD}' REQUIRE SSL;
GRANT RELOAD, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'debezium'@'%';

-- Prometheus' exporter: figures of the server, and no row of the shop.
CREATE USER IF NOT EXISTS 'exporter'@'%' IDENTIFIED BY '${MYSQL_EXPORTER_PASSWORD}' REQUIRE SSL WITH MAX_USER_CONNECTIONS 3;
ALTER USER 'exporter'@'%' IDENTIFIED BY '${MYSQL_EXPORTER_PASSWORD}' REQUIRE SSL WITH MAX_USER_CONNECTIONS 3;
GRANT PROCESS, REPLICATION CLIENT ON *.* TO 'exporter'@'%';
GRANT SELECT ON performance_schema.* TO 'exporter'@'%';
