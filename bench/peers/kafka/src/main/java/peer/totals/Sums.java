package peer.totals;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import peer.orders.Transaction;

/** What transactions add up to, in cents, and how many they are. */
record Sums(long cents, long count) {
    static final Sums NOTHING = new Sums(0, 0);
    /** Two longs, the most significant byte first. */
    static final Serde<Sums> SERDE = Serdes.serdeFrom((topic, sums) -> written(sums), (topic, bytes) -> read(bytes));

    private static final int SIZE = 2 * Long.BYTES;

    Sums plus(Transaction one) {
        return new Sums(cents + Math.round(one.getAmount() * 100), count + 1);
    }

    private static byte[] written(Sums sums) {
        return sums == null ? null : ByteBuffer.allocate(SIZE).putLong(sums.cents).putLong(sums.count).array();
    }

    private static Sums read(byte[] bytes) {
        if (bytes == null) {
            return null;
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new Sums(buffer.getLong(), buffer.getLong());
    }
}
