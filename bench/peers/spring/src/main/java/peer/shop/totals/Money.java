package peer.shop.totals;

import java.math.BigDecimal;

final class Money {
    private Money() {}

    /** Cents as an amount with its two decimals. */
    static String amount(long cents) {
        return BigDecimal.valueOf(cents, 2).toPlainString();
    }
}
