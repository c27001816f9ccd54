package peer.shop.orders;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Base64;

/**
 * Between two rows of the list, the latest first: a page follows the row, or leads up to it.
 *
 * <p>Written as the platform writes it: base64 of `p=` and the row's time, `&p=` and its order id, after `r=1&` for the
 * page before.
 */
record Cursor(Instant timestamp, String orderId, boolean reverse) {
    private static final String REVERSE = "r=1&";
    private static final String VALUE = "p=";

    static Cursor after(Transaction row) {
        return new Cursor(row.timestamp, row.orderId, false);
    }

    static Cursor before(Transaction row) {
        return new Cursor(row.timestamp, row.orderId, true);
    }

    /** Throws IllegalArgumentException. */
    static Cursor parse(String text) {
        String decoded = new String(Base64.getDecoder().decode(text), StandardCharsets.US_ASCII);
        boolean reverse = decoded.startsWith(REVERSE);
        String[] values = (reverse ? decoded.substring(REVERSE.length()) : decoded).split("&");
        if (values.length != 2 || !values[0].startsWith(VALUE) || !values[1].startsWith(VALUE)) {
            throw new IllegalArgumentException("This is no cursor.");
        }
        try {
            return new Cursor(OffsetDateTime.parse(value(values[0])).toInstant(), value(values[1]), reverse);
        } catch (DateTimeException wrong) {
            throw new IllegalArgumentException("This is no cursor.", wrong);
        }
    }

    /** As it stands in an address. */
    @Override
    public String toString() {
        String values = VALUE + encoded(timestamp.toString()) + "&" + VALUE + encoded(orderId);
        byte[] text = ((reverse ? REVERSE : "") + values).getBytes(StandardCharsets.US_ASCII);
        return encoded(Base64.getEncoder().encodeToString(text));
    }

    private static String value(String token) {
        return URLDecoder.decode(token.substring(VALUE.length()), StandardCharsets.US_ASCII);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.US_ASCII);
    }
}
