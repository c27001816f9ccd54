package peer.shop.orders;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.math.BigDecimal;
import java.time.Instant;

/** A row of the platform's table; where the topic told of it stays empty, as it does after a POST to the platform. */
@Entity
@Table(name = "transactions")
class Transaction {
    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    Long id;

    @Column(name = "order_id")
    String orderId;

    @Column(name = "user_id")
    long userId;

    BigDecimal amount;
    String status;

    @Column(name = "entered_as")
    String enteredAs;

    Instant timestamp;
    String kind;

    @Column(name = "refund_of")
    String refundOf;

    @Column(name = "refunded_amount")
    BigDecimal refundedAmount = BigDecimal.ZERO.setScale(2);

    @Column(name = "recorded_at")
    Instant recordedAt;

    @Column(name = "updated_at")
    Instant updatedAt;

    /** For Hibernate. */
    protected Transaction() {}

    Transaction(NewOrder order, Instant now) {
        orderId = order.orderId() == null ? OrderIds.next(now) : order.orderId();
        userId = order.userId();
        amount = order.amount().setScale(2);
        status = order.status() == null ? "PENDING" : order.status();
        enteredAs = status;
        timestamp = order.timestamp() == null ? now : order.timestamp();
        kind = "ORDER";
        recordedAt = now;
        updatedAt = now;
    }

    /** How much of it was given back, in a word; null: nothing. */
    String refundStatus() {
        if (status.equals("REFUNDED")) {
            return "REFUNDED";
        }
        if (refundedAmount.signum() == 0) {
            return null;
        }
        return refundedAmount.compareTo(amount) < 0 ? "PARTIALLY_REFUNDED" : "REFUNDED";
    }
}
