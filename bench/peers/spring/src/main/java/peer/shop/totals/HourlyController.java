package peer.shop.totals;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
class HourlyController {
    private final HourlyTotals totals;

    HourlyController(HourlyTotals totals) {
        this.totals = totals;
    }

    /** What a user's transactions come to per hour, ascending, and in all. */
    record Answer(
        @JsonProperty("user_id") long userId, Instant from, Instant to, String currency, List<Hour> hours,
        Hour.Amounts sums) {}

    @GetMapping("/analytics/users/{userId}/hourly")
    Answer hourly(
        @PathVariable long userId, @RequestParam(required = false) Instant from,
        @RequestParam(required = false) Instant to) {
        List<Hour> hours = totals.ofUser(userId, from, to);
        Hour.Sums sums = hours.stream().map(Hour::sums).reduce(Hour.Sums.NONE, Hour.Sums::plus);
        return new Answer(userId, from, to, Money.CURRENCY, hours, Hour.Amounts.of(sums));
    }
}
