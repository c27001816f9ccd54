package peer.shop.orders;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Where a page starts, and which way it goes: base64 of `p=` and an id, after `r=1&` for the page before. */
record Cursor(long position, boolean reverse) {
    private static final String POSITION = "p=";
    private static final String REVERSE = "r=1&";

    /** Throws IllegalArgumentException. */
    static Cursor parse(String text) {
        String decoded = new String(Base64.getDecoder().decode(text), StandardCharsets.US_ASCII);
        boolean reverse = decoded.startsWith(REVERSE);
        String position = reverse ? decoded.substring(REVERSE.length()) : decoded;
        if (!position.startsWith(POSITION)) {
            throw new IllegalArgumentException("This is no cursor.");
        }
        return new Cursor(Long.parseLong(position.substring(POSITION.length())), reverse);
    }

    /** As it stands in an address. */
    @Override
    public String toString() {
        byte[] text = ((reverse ? REVERSE : "") + POSITION + position).getBytes(StandardCharsets.US_ASCII);
        return URLEncoder.encode(Base64.getEncoder().encodeToString(text), StandardCharsets.US_ASCII);
    }
}
