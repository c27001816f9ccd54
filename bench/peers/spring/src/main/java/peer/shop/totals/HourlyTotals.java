package peer.shop.totals;

import java.sql.ResultSet;
import java.sql.SQLException;
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
    private static final long SECONDS_AN_HOUR = 3600;

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
            values.add(firstFrom(from));
        }
        if (to != null) {
            where.append(" AND hour < ?");
            values.add(firstFrom(to));
        }
        String sql = """
            SELECT hour, total_cents, transaction_count, settled_cents, failed_cents, refunded_cents
            FROM analytics_hourlytotal %s ORDER BY hour LIMIT %d""".formatted(where, MAX_HOURS + 1);
        return jdbc.query(sql, HourlyTotals::hour, values.toArray());
    }

    /** The first hour, counted since 1970, that begins at a moment or after it. */
    private static long firstFrom(Instant moment) {
        return -Math.floorDiv(-moment.getEpochSecond() - (moment.getNano() > 0 ? 1 : 0), SECONDS_AN_HOUR);
    }

    private static Hour hour(ResultSet row, int number) throws SQLException {
        Hour.Sums sums = new Hour.Sums(row.getLong(2), row.getLong(3), row.getLong(4), row.getLong(5), row.getLong(6));
        return new Hour(Instant.ofEpochSecond(row.getLong(1) * SECONDS_AN_HOUR), sums);
    }
}
