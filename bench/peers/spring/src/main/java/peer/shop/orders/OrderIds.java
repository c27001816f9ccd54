package peer.shop.orders;

import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/** Ids for orders that come without one: UUIDs of version 7, which insert in order. */
final class OrderIds {
    private static final long VERSION_7 = 0x7000L;
    private static final long VARIANT = 0x8000_0000_0000_0000L;

    private OrderIds() {}

    static String next(Instant now) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long high = now.toEpochMilli() << 16 | VERSION_7 | random.nextLong() & 0xFFFL;
        long low = VARIANT | random.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL;
        return new UUID(high, low).toString();
    }
}
