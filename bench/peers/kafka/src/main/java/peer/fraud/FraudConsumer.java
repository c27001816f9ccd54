package peer.fraud;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import peer.orders.Transaction;
import peer.orders.TransactionSerde;

/**
 * Sends on what is above a limit, exactly once: alerts and offsets are of one transaction of Kafka's.
 *
 * <p>Arguments: address of the broker, group, topic of orders, topic of alerts, limit.
 */
public final class FraudConsumer implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMillis(100);
    /** As long as one of Kafka Streams' lasts. */
    private static final long TRANSACTION_MS = 100;

    private final Deserializer<Transaction> values = TransactionSerde.deserializer();
    private final Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final KafkaProducer<byte[], byte[]> producer;
    private final String alerts;
    private final double limit;
    private long begun;

    private FraudConsumer(String brokers, String group, String alerts, double limit) {
        consumer = new KafkaConsumer<>(reading(brokers, group), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        producer = new KafkaProducer<>(writing(brokers, group), new ByteArraySerializer(), new ByteArraySerializer());
        this.alerts = alerts;
        this.limit = limit;
    }

    public static void main(String[] arguments) {
        var limit = Double.parseDouble(arguments[4]);
        try (var fraud = new FraudConsumer(arguments[0], arguments[1], arguments[3], limit)) {
            fraud.endOnSignal(Thread.currentThread());
            fraud.run(arguments[2]);
        } catch (WakeupException ended) {
            // It was told to end.
        }
    }

    private void endOnSignal(Thread running) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            consumer.wakeup();
            try {
                running.join();
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }));
    }

    private void run(String orders) {
        producer.initTransactions();
        consumer.subscribe(List.of(orders));
        while (true) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(PATIENCE);
            if (!records.isEmpty()) {
                take(records);
            }
            if (!offsets.isEmpty() && System.currentTimeMillis() - begun >= TRANSACTION_MS) {
                commit();
            }
        }
    }

    private void take(ConsumerRecords<byte[], byte[]> records) {
        if (offsets.isEmpty()) {
            producer.beginTransaction();
            begun = System.currentTimeMillis();
        }
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (values.deserialize(null, record.value()).getAmount() > limit) {
                producer.send(new ProducerRecord<>(alerts, record.key(), record.value()));
            }
        }
        offsets.putAll(records.nextOffsets());
    }

    private void commit() {
        producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
        producer.commitTransaction();
        offsets.clear();
    }

    @Override
    public void close() {
        consumer.close();
        producer.close();
    }

    private static Properties reading(String brokers, String group) {
        var options = new Properties();
        options.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        options.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        options.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        options.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        options.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        options.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 5000);
        options.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 4 << 20);
        return options;
    }

    private static Properties writing(String brokers, String group) {
        var options = new Properties();
        options.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        options.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, group);
        options.put(ProducerConfig.LINGER_MS_CONFIG, 5);
        return options;
    }
}
