package peer.shop.orders;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import jakarta.validation.Validator;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;

/** Reads and checks what a shop sends; 400 says what is wrong with it. */
@Component
class ReceivedOrders {
    private static final int MAX_AT_ONCE = 1000;

    private final ObjectReader one;
    private final ObjectReader many;
    private final Validator validator;

    ReceivedOrders(ObjectMapper json, Validator validator) {
        this.one = json.readerFor(NewOrder.class);
        this.many = json.readerForListOf(NewOrder.class);
        this.validator = validator;
    }

    static boolean isList(byte[] body) {
        for (byte each : body) {
            if (!Character.isWhitespace(each)) {
                return each == '[';
            }
        }
        return false;
    }

    NewOrder readOne(byte[] body) {
        NewOrder order = read(one, body);
        check(order);
        return order;
    }

    List<NewOrder> readAll(byte[] body) {
        List<NewOrder> orders = read(many, body);
        if (orders.isEmpty() || orders.size() > MAX_AT_ONCE) {
            throw refused("Send 1 to %,d orders.".formatted(MAX_AT_ONCE));
        }
        orders.forEach(this::check);
        Set<String> ids = new HashSet<>();
        for (NewOrder order : orders) {
            if (order.orderId() != null && !ids.add(order.orderId())) {
                throw refused(order.orderId() + " stands in this list more than once.");
            }
        }
        return orders;
    }

    private static <T> T read(ObjectReader reader, byte[] body) {
        try {
            return reader.readValue(body);
        } catch (IOException unreadable) {
            throw refused(unreadable.getMessage());
        }
    }

    private void check(NewOrder order) {
        var violations = validator.validate(order);
        if (!violations.isEmpty()) {
            throw refused(violations.toString());
        }
    }

    private static ResponseStatusException refused(String why) {
        return new ResponseStatusException(HttpStatus.BAD_REQUEST, why);
    }
}
