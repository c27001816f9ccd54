package peer.shop.orders;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import peer.shop.totals.Money;

/** A transaction as the API tells of it. */
record TransactionView(
    @JsonProperty("order_id") String orderId,
    @JsonProperty("user_id") long userId,
    String amount,
    String status,
    Instant timestamp,
    String kind,
    @JsonProperty("refund_of") String refundOf,
    @JsonProperty("refunded_amount") String refundedAmount,
    @JsonProperty("recorded_at") Instant recordedAt,
    @JsonProperty("updated_at") Instant updatedAt,
    @JsonProperty("refund_status") String refundStatus,
    String currency) {

    static TransactionView of(Transaction row) {
        return new TransactionView(
            row.orderId, row.userId, row.amount.toPlainString(), row.status, row.timestamp, row.kind, row.refundOf,
            row.refundedAmount.toPlainString(), row.recordedAt, row.updatedAt, row.refundStatus(), Money.CURRENCY);
    }
}
