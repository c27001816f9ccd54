package peer.shop.orders;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** A transaction in Avro, in Confluent's wire format, under the id that the platform derives from the schema. */
@Component
class TransactionEncoder {
    private static final byte MAGIC = 0;

    private final Schema schema;
    private final byte[] head;
    private final GenericDatumWriter<GenericRecord> writer;
    private final Map<String, GenericData.EnumSymbol> statuses;

    TransactionEncoder(@Value("${shop.schema}") File file) throws IOException {
        schema = new Schema.Parser().parse(file);
        int id = (int) (SchemaNormalization.parsingFingerprint64(schema) & 0x7FFF_FFFF);
        head = ByteBuffer.allocate(5).put(MAGIC).putInt(id).array();
        writer = new GenericDatumWriter<>(schema);
        Schema status = schema.getField("status").schema();
        statuses = status.getEnumSymbols().stream()
            .collect(Collectors.toMap(Function.identity(), name -> new GenericData.EnumSymbol(status, name)));
    }

    byte[] encode(Transaction row) {
        GenericRecord record = new GenericData.Record(schema);
        record.put("order_id", row.orderId);
        record.put("user_id", (int) row.userId);
        record.put("amount", row.amount.doubleValue());
        record.put("status", statuses.get(row.status));
        record.put("timestamp", row.timestamp.toEpochMilli());
        ByteArrayOutputStream out = new ByteArrayOutputStream(96);
        out.writeBytes(head);
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
        try {
            writer.write(record, encoder);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return out.toByteArray();
    }
}
