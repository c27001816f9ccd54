package peer.shop.orders;

import java.net.URI;
import java.util.List;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.support.ServletUriComponentsBuilder;

@RestController
@RequestMapping("/transactions")
class TransactionController {
    private final Recording recording;
    private final ReceivedOrders received;
    private final TransactionRepository transactions;
    private final Pages pages;

    TransactionController(
        Recording recording, ReceivedOrders received, TransactionRepository transactions, Pages pages) {
        this.recording = recording;
        this.received = received;
        this.transactions = transactions;
        this.pages = pages;
    }

    @PostMapping
    ResponseEntity<Object> post(@RequestBody byte[] body) {
        if (ReceivedOrders.isList(body)) {
            List<Transaction> rows = recording.recordAll(received.readAll(body));
            return ResponseEntity.status(HttpStatus.CREATED).body(rows.stream().map(TransactionView::of).toList());
        }
        Transaction row = recording.recordOne(received.readOne(body));
        return ResponseEntity.created(URI.create("/transactions/" + row.orderId)).body(TransactionView.of(row));
    }

    @GetMapping("/{orderId}")
    TransactionView get(@PathVariable String orderId) {
        return transactions.findByOrderId(orderId)
            .map(TransactionView::of)
            .orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND));
    }

    @GetMapping
    Page list(@RequestParam(defaultValue = "100") int limit, @RequestParam(required = false) String cursor) {
        String address = ServletUriComponentsBuilder.fromCurrentRequestUri().toUriString();
        return pages.read(cursor == null ? null : Cursor.parse(cursor), limit, address);
    }

    @ExceptionHandler
    ProblemDetail recordedAlready(DataIntegrityViolationException violation) {
        return ProblemDetail.forStatusAndDetail(HttpStatus.CONFLICT, "Some of these orders are recorded already.");
    }

    @ExceptionHandler
    ProblemDetail noCursor(IllegalArgumentException wrong) {
        return ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, wrong.getMessage());
    }
}
