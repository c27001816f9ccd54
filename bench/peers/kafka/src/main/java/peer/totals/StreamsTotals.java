package peer.totals;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import peer.orders.Transaction;
import peer.orders.TransactionSerde;

/**
 * Totals per user and hour, exactly once, into a topic: its key is user and hour (ms), its value cents and count.
 *
 * <p>Arguments: address of the broker, application, topic of orders, topic of totals, memory or rocks, folder of the
 * state, milliseconds between commits.
 */
public final class StreamsTotals {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration LATE = Duration.ofHours(48);
    private static final Duration KEPT = LATE.plus(HOUR).plus(HOUR);
    private static final Duration END = Duration.ofSeconds(20);
    private static final String STORE = "totals";

    private StreamsTotals() {}

    public static void main(String[] arguments) throws InterruptedException {
        var options = options(arguments[0], arguments[1], arguments[5], Integer.parseInt(arguments[6]));
        var streams = new KafkaStreams(topology(arguments[2], arguments[3], store(arguments[4])), options);
        var ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close(END);
            ended.countDown();
        }));
        streams.start();
        ended.await();
    }

    private static Topology topology(String orders, String totals, WindowBytesStoreSupplier store) {
        var transactions = TransactionSerde.forStreams();
        var builder = new StreamsBuilder();
        builder.stream(orders, Consumed.with(Serdes.String(), transactions).withTimestampExtractor(
                (record, before) -> ((Transaction) record.value()).getTimestamp().toEpochMilli()))
            .groupByKey(Grouped.with(Serdes.String(), transactions))
            .windowedBy(TimeWindows.ofSizeAndGrace(HOUR, LATE))
            .aggregate(() -> Sums.NOTHING, (user, order, sums) -> sums.plus(order),
                Materialized.<String, Sums>as(store).withKeySerde(Serdes.String()).withValueSerde(Sums.SERDE)
                    .withCachingEnabled())
            .toStream((window, sums) -> key(Long.parseLong(window.key()), window.window().start()))
            .to(totals, Produced.with(Serdes.ByteArray(), Sums.SERDE));
        return builder.build();
    }

    private static WindowBytesStoreSupplier store(String kind) {
        return switch (kind) {
            case "memory" -> Stores.inMemoryWindowStore(STORE, KEPT, HOUR, false);
            case "rocks" -> Stores.persistentWindowStore(STORE, KEPT, HOUR, false);
            default -> throw new IllegalArgumentException(kind);
        };
    }

    private static byte[] key(long user, long hour) {
        return ByteBuffer.allocate(2 * Long.BYTES).putLong(user).putLong(hour).array();
    }

    /** A thread a core, a cache that merges what comes between commits, and batches as large as pays. */
    private static Properties options(String brokers, String application, String folder, int commitMs) {
        var options = new Properties();
        options.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        options.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        options.put(StreamsConfig.STATE_DIR_CONFIG, folder);
        options.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        options.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, commitMs);
        options.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 128L << 20);
        options.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
        options.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        options.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        options.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5000);
        options.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 << 20);
        options.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
        options.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 50);
        options.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        // A machine that stalls for seconds does not end a transaction.
        options.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), 60_000);
        return options;
    }
}
