from django.urls import path

from transactions import api, refund_api

# An order that came by Kafka may have any order id, also one with a slash.
urlpatterns = [
    path("transactions", api.Transactions.as_view(), name="transactions"),
    path("transactions/<path:order_id>/refunds", refund_api.Refunds.as_view(), name="transaction-refunds"),
    path("transactions/<path:order_id>/status", api.TransactionStatus.as_view(), name="transaction-status"),
    path("transactions/<path:order_id>", api.OneTransaction.as_view(), name="transaction"),
]
