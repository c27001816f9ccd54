package peer.shop.orders;

import com.fasterxml.jackson.annotation.JsonProperty;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Digits;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.math.BigDecimal;
import java.time.Instant;

/** An order as a shop sends it; the order id, the status and the time may be left out. */
record NewOrder(
    @JsonProperty("user_id") @NotNull @Min(0) Integer userId,
    @NotNull @DecimalMin("0") @DecimalMax("1000000000000") @Digits(integer = 13, fraction = 2) BigDecimal amount,
    @JsonProperty("order_id") @Pattern(regexp = "(?!\\.{1,2}$)[A-Za-z0-9._~-]{1,64}") String orderId,
    @Pattern(regexp = "PENDING|SUCCESS|FAILED") String status,
    Instant timestamp) {}
