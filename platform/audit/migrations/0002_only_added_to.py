"""Lines of the audit log are neither changed nor deleted: triggers refuse it.

On MySQL an account that may not drop triggers or tables cannot get around them; who made them, which is the account
of the migrations, may delete what is old (manage.py forget_audit_lines). Each is one line, in BEGIN and END where it
has several statements: as Debezium, which reads every definition in the binlog, can parse it.
"""

from django.db import OperationalError, migrations

REFUSED = "Lines of audit_log are neither changed nor deleted."
SIGNAL = f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{REFUSED}'"
IS_ANOTHER_ACCOUNT = "SUBSTRING_INDEX(USER(), '@', 1) <> SUBSTRING_INDEX(CURRENT_USER(), '@', 1)"
TRIGGERS = {
    "mysql": (
        f"CREATE TRIGGER audit_log_unchanged BEFORE UPDATE ON audit_log FOR EACH ROW {SIGNAL}",
        "CREATE TRIGGER audit_log_undeleted BEFORE DELETE ON audit_log FOR EACH ROW "
        f"BEGIN IF {IS_ANOTHER_ACCOUNT} THEN {SIGNAL}; END IF; END",
    ),
    "sqlite": (
        f"CREATE TRIGGER audit_log_unchanged BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
        f"CREATE TRIGGER audit_log_undeleted BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
    ),
}
BINARY_LOGGING = 1419
ADVICE = (
    "MySQL lets this account make no triggers: let root SET PERSIST log_bin_trust_function_creators = ON, as "
    "compose/mysql/accounts.sql does, then migrate again."
)


def add(apps, schema_editor):
    remove(apps, schema_editor)  # of a run that was ended
    for statement in TRIGGERS[schema_editor.connection.vendor]:
        try:
            schema_editor.execute(statement)
        except OperationalError as error:
            if error.args[0] != BINARY_LOGGING:
                raise
            raise OperationalError(BINARY_LOGGING, ADVICE) from error


def remove(apps, schema_editor):
    for name in ("audit_log_unchanged", "audit_log_undeleted"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_initial'),
    ]

    # On MySQL, definitions cannot be taken back; on SQLite the whole migration is one transaction.
    operations = [migrations.RunPython(add, remove, atomic=False)]
