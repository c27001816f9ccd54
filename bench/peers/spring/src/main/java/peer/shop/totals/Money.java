package peer.shop.totals;

import java.math.BigDecimal;

public final class Money {
    /** What the platform is in unless its settings say otherwise. */
    public static final String CURRENCY = "EUR";

    private Money() {}

    /** Cents as an amount with its two decimals. */
    static String amount(long cents) {
        return BigDecimal.valueOf(cents, 2).toPlainString();
    }
}
