from django.urls import path

from search import api

urlpatterns = [path("transactions", api.SearchTransactions.as_view(), name="search-transactions")]
