package peer.orders;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/** Transactions in Confluent's wire format: a zero, the schema's id in four bytes, Avro. Of one thread each. */
public final class TransactionSerde {
    private static final byte MAGIC = 0;
    private static final int HEAD = 5;
    private static final int USUAL_SIZE = 96;

    private TransactionSerde() {}

    /** For Streams, of which each thread has its own readers; it writes no transactions. */
    public static Serde<Transaction> forStreams() {
        ThreadLocal<Deserializer<Transaction>> ofThread = ThreadLocal.withInitial(TransactionSerde::deserializer);
        return Serdes.serdeFrom(serializer(0), (topic, bytes) -> ofThread.get().deserialize(topic, bytes));
    }

    /** Reads what was written with our own schema, whatever its id. */
    public static Deserializer<Transaction> deserializer() {
        var reader = new SpecificDatumReader<Transaction>(Transaction.getClassSchema());
        var reused = new BinaryDecoder[1];
        return (topic, bytes) -> {
            if (bytes[0] != MAGIC) {
                throw new SerializationException("It begins with " + bytes[0]);
            }
            reused[0] = DecoderFactory.get().binaryDecoder(bytes, HEAD, bytes.length - HEAD, reused[0]);
            try {
                return reader.read(null, reused[0]);
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        };
    }

    /** Writes under a schema's id. */
    public static Serializer<Transaction> serializer(int schemaId) {
        var writer = new SpecificDatumWriter<Transaction>(Transaction.getClassSchema());
        var reused = new BinaryEncoder[1];
        byte[] head = ByteBuffer.allocate(HEAD).put(MAGIC).putInt(schemaId).array();
        return (topic, order) -> {
            var out = new ByteArrayOutputStream(USUAL_SIZE);
            out.writeBytes(head);
            reused[0] = EncoderFactory.get().directBinaryEncoder(out, reused[0]);
            try {
                writer.write(order, reused[0]);
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
            return out.toByteArray();
        };
    }
}
