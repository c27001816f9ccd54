package peer.shop.totals;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.annotation.Transactional;

/** What is read from the platform's table of hourly totals. */
@Repository
public class HourlyTotals {
    private static final int MAX_HOURS = 10_000;

    private final JdbcTemplate jdbc;

    HourlyTotals(JdbcTemplate jdbc) {
        this.jdbc = jdbc;
    }

    /** A user's hours that start from a moment on and before another; null leaves that end open. */
    @Transactional(readOnly = true)
    List<Hour> ofUser(long userId, Instant from, Instant to) {
        StringBuilder where = new StringBuilder("WHERE user_id = ?");
        List<Object> values = new ArrayList<>(List.of(userId));
        if (from != null) {
            where.append(" AND hour >= ?");
            values.add(Timestamp.from(from));
        }
        if (to != null) {
            where.append(" AND hour < ?");
            values.add(Timestamp.from(to));
        }
        String sql = """
            SELECT hour, total_cents, transaction_count, settled_cents, failed_cents, refunded_cents
            FROM analytics_hourlytotal %s ORDER BY hour LIMIT %d""".formatted(where, MAX_HOURS + 1);
        return jdbc.query(sql, HourlyTotals::hour, values.toArray());
    }

    private static Hour hour(ResultSet row, int number) throws SQLException {
        Hour.Sums sums = new Hour.Sums(row.getLong(2), row.getLong(3), row.getLong(4), row.getLong(5), row.getLong(6));
        return new Hour(row.getTimestamp(1).toInstant(), sums);
    }
}
