package peer.orders;

import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends mock orders as fast as it can. Arguments: address of the broker, topic, how many, id of the schema. */
public final class OrderProducer {
    private static final long SEED = 1;

    private OrderProducer() {}

    public static void main(String[] arguments) {
        String topic = arguments[1];
        int count = Integer.parseInt(arguments[2]);
        var orders = new MockOrders(SEED);
        var failed = new AtomicLong();
        var values = TransactionSerde.serializer(Integer.parseInt(arguments[3]));
        try (var producer = new KafkaProducer<>(options(arguments[0]), new StringSerializer(), values)) {
            for (int sent = 0; sent < count; sent++) {
                Transaction order = orders.next();
                var record = new ProducerRecord<>(topic, Integer.toString(order.getUserId()), order);
                producer.send(record, (where, error) -> failed.addAndGet(error == null ? 0 : 1));
            }
        }
        if (failed.get() > 0) {
            System.err.println(failed + " orders were not delivered.");
            System.exit(1);
        }
    }

    /** Nothing is lost, doubled or out of order, as with the platform's; batches are as large as pays. */
    private static Properties options(String brokers) {
        var options = new Properties();
        options.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        options.put(ProducerConfig.ACKS_CONFIG, "all");
        options.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        options.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        options.put(ProducerConfig.BATCH_SIZE_CONFIG, 256 << 10);
        options.put(ProducerConfig.LINGER_MS_CONFIG, 20);
        options.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 64 << 20);
        return options;
    }
}
