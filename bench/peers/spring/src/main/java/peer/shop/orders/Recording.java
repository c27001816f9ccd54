package peer.shop.orders;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Records orders and announces them, in one database transaction. */
@Service
public class Recording {
    private static final int BATCH = 1000;
    private static final String INTO_TRANSACTIONS = """
        INSERT INTO transactions
            (order_id, user_id, amount, status, entered_as, timestamp, kind, recorded_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""";
    private static final String INTO_OUTBOX =
        "INSERT INTO outbox (topic, message_key, payload, created_at) VALUES ('transactions', ?, ?, ?)";

    private final TransactionRepository transactions;
    private final TransactionEncoder encoder;
    private final JdbcTemplate jdbc;

    Recording(TransactionRepository transactions, TransactionEncoder encoder, JdbcTemplate jdbc) {
        this.transactions = transactions;
        this.encoder = encoder;
        this.jdbc = jdbc;
    }

    @Transactional
    Transaction recordOne(NewOrder order) {
        Transaction row = transactions.save(new Transaction(order, now()));
        announce(List.of(row));
        return row;
    }

    /** By JDBC's batches, which the driver makes INSERTs of many rows of: Hibernate batches none whose ids MySQL makes. */
    @Transactional
    List<Transaction> recordAll(List<NewOrder> orders) {
        Instant now = now();
        List<Transaction> rows = orders.stream().map(order -> new Transaction(order, now)).toList();
        jdbc.batchUpdate(INTO_TRANSACTIONS, rows, BATCH, Recording::fill);
        announce(rows);
        return rows;
    }

    private void announce(List<Transaction> rows) {
        jdbc.batchUpdate(INTO_OUTBOX, rows, BATCH, (statement, row) -> {
            statement.setString(1, Long.toString(row.userId));
            statement.setBytes(2, encoder.encode(row));
            statement.setTimestamp(3, Timestamp.from(row.recordedAt));
        });
    }

    private static void fill(PreparedStatement statement, Transaction row) throws SQLException {
        statement.setString(1, row.orderId);
        statement.setLong(2, row.userId);
        statement.setBigDecimal(3, row.amount);
        statement.setString(4, row.status);
        statement.setString(5, row.enteredAs);
        statement.setTimestamp(6, Timestamp.from(row.timestamp));
        statement.setString(7, row.kind);
        statement.setTimestamp(8, Timestamp.from(row.recordedAt));
        statement.setTimestamp(9, Timestamp.from(row.updatedAt));
    }

    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS);
    }
}
