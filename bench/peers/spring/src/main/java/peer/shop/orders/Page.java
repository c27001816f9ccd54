package peer.shop.orders;

import java.util.List;

/** What happened last first; `next` and `previous` are the addresses of the pages beside it, or null. */
record Page(String next, String previous, List<TransactionView> results) {}
