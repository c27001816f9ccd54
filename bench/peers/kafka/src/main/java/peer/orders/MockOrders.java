package peer.orders;

import java.time.Instant;
import java.util.SplittableRandom;
import java.util.UUID;

/** Orders as the platform's simulator draws them. */
final class MockOrders {
    private static final int USERS = 5_000;
    private static final double MEDIAN_CENTS = 3_500;
    private static final double SPREAD = 0.9;
    private static final double HUGE_SHARE = 0.005;
    private static final double PAID_SHARE = 0.80;
    private static final double FAILED_SHARE = 0.05;

    private final SplittableRandom chance;

    MockOrders(long seed) {
        chance = new SplittableRandom(seed);
    }

    Transaction next() {
        var id = new UUID(chance.nextLong(), chance.nextLong());
        return new Transaction("mock-" + id, user(), amount(), status(), Instant.now());
    }

    private int user() {
        double draw = chance.nextDouble();
        return 1 + (int) (USERS * draw * draw);
    }

    private double amount() {
        if (chance.nextDouble() < HUGE_SHARE) {
            return chance.nextLong(1_000_000_001L, 10_000_000_000L) / 100.0;
        }
        return Math.max(1, Math.round(MEDIAN_CENTS * Math.exp(SPREAD * chance.nextGaussian()))) / 100.0;
    }

    private Status status() {
        double draw = chance.nextDouble();
        if (draw < PAID_SHARE) {
            return Status.SUCCESS;
        }
        return draw < PAID_SHARE + FAILED_SHARE ? Status.FAILED : Status.PENDING;
    }
}
