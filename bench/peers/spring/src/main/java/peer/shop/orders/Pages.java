package peer.shop.orders;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Component;

/** Pages of the table by keyset; one row more than is shown tells whether another page follows. */
@Component
class Pages {
    private final TransactionRepository transactions;

    Pages(TransactionRepository transactions) {
        this.transactions = transactions;
    }

    /** The page at a cursor, or the first one; address: of the list itself. */
    Page read(Cursor cursor, int limit, String address) {
        List<Transaction> rows = rows(cursor, Limit.of(limit + 1));
        boolean more = rows.size() > limit;
        boolean reverse = cursor != null && cursor.reverse();
        List<Transaction> shown = new ArrayList<>(more ? rows.subList(0, limit) : rows);
        if (reverse) {
            Collections.reverse(shown);
        }
        boolean hasNext = reverse || more;
        boolean hasPrevious = reverse ? more : cursor != null;
        return new Page(
            hasNext && !shown.isEmpty() ? link(address, Cursor.after(shown.get(shown.size() - 1))) : null,
            hasPrevious && !shown.isEmpty() ? link(address, Cursor.before(shown.get(0))) : null,
            shown.stream().map(TransactionView::of).toList());
    }

    private List<Transaction> rows(Cursor cursor, Limit limit) {
        if (cursor == null) {
            return transactions.latest(limit);
        }
        return cursor.reverse()
            ? transactions.preceding(cursor.timestamp(), cursor.orderId(), limit)
            : transactions.following(cursor.timestamp(), cursor.orderId(), limit);
    }

    private static String link(String address, Cursor cursor) {
        return address + "?cursor=" + cursor;
    }
}
