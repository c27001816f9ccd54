package peer.shop.totals;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;

/** The beginning of an hour, and what a user's transactions in it come to. */
record Hour(Instant hour, @JsonUnwrapped Amounts amounts, @JsonIgnore Sums sums) {

    Hour(Instant hour, Sums sums) {
        this(hour, Amounts.of(sums), sums);
    }

    /** In cents. */
    record Sums(long total, long count, long settled, long failed, long refunded) {
        static final Sums NONE = new Sums(0, 0, 0, 0, 0);

        Sums plus(Sums other) {
            return new Sums(
                total + other.total, count + other.count, settled + other.settled, failed + other.failed,
                refunded + other.refunded);
        }
    }

    /** As the API tells of them. */
    record Amounts(
        @JsonProperty("total_amount") String total,
        @JsonProperty("transaction_count") long count,
        @JsonProperty("settled_amount") String settled,
        @JsonProperty("failed_amount") String failed,
        @JsonProperty("refunded_amount") String refunded) {

        static Amounts of(Sums sums) {
            return new Amounts(
                Money.amount(sums.total), sums.count, Money.amount(sums.settled), Money.amount(sums.failed),
                Money.amount(sums.refunded));
        }
    }
}
