package peer.shop.orders;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Query;

/** Lists come in the order of the index that the platform's own come by, and are asked for in the form it serves. */
interface TransactionRepository extends JpaRepository<Transaction, Long> {
    Optional<Transaction> findByOrderId(String orderId);

    @Query("SELECT t FROM Transaction t ORDER BY t.timestamp DESC, t.orderId")
    List<Transaction> latest(Limit limit);

    @Query("""
        SELECT t FROM Transaction t
        WHERE t.timestamp <= :timestamp AND (t.timestamp < :timestamp OR t.orderId > :orderId)
        ORDER BY t.timestamp DESC, t.orderId""")
    List<Transaction> following(Instant timestamp, String orderId, Limit limit);

    @Query("""
        SELECT t FROM Transaction t
        WHERE t.timestamp >= :timestamp AND (t.timestamp > :timestamp OR t.orderId < :orderId)
        ORDER BY t.timestamp, t.orderId DESC""")
    List<Transaction> preceding(Instant timestamp, String orderId, Limit limit);
}
