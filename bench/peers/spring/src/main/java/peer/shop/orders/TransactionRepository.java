package peer.shop.orders;

import java.util.List;
import java.util.Optional;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.JpaRepository;

interface TransactionRepository extends JpaRepository<Transaction, Long> {
    Optional<Transaction> findByOrderId(String orderId);

    List<Transaction> findByIdLessThanOrderByIdDesc(long before, Limit limit);

    List<Transaction> findByIdGreaterThanOrderByIdAsc(long after, Limit limit);

    List<Transaction> findAllByOrderByIdDesc(Limit limit);
}
