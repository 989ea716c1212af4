"""Pages and accounts. The API's raw paths never reach this table: see asgi.py."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from exchange.gateway import account_views, key_views, views

# One door, with its budgets and second factors, for operators too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", views.markets, name="markets"),
    path("trade/", views.trade_default, name="trade_default"),
    path("trade/<str:contract>", views.trade, name="trade"),
    path("portfolio", account_views.portfolio, name="portfolio"),
    path("portfolio/funds", account_views.funds, name="funds"),
    path("portfolio/accounts", account_views.accounts, name="accounts"),
    path("portfolio/accounts/new", account_views.open_account, name="account_open"),
    path(
        "portfolio/accounts/<int:account>/name",
        account_views.rename_account,
        name="account_rename",
    ),
    path("portfolio/accounts/<int:account>/use", account_views.use_account, name="account_use"),
    path("portfolio/statements", account_views.statements, name="statements"),
    path("portfolio/statement.csv", account_views.statement_csv, name="statement_csv"),
    path("welcome", views.welcome, name="welcome"),
    path("status", views.status, name="status"),
    path("status.json", views.status_json, name="status_json"),
    path("docs", views.docs, name="docs"),
    path("docs/limits", views.docs_limits, name="docs_limits"),
    path("openrpc.json", views.openrpc_json, name="openrpc"),
    path("account/keys", key_views.keys, name="keys"),
    path("account/keys/new", key_views.create, name="key_create"),
    path("account/keys/<int:account>/<int:number>", key_views.edit, name="key_edit"),
    path(
        "account/keys/<int:account>/<int:number>/<slug:action>", key_views.act, name="key_act"
    ),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
handler403 = "exchange.gateway.views.permission_denied"
handler404 = "exchange.gateway.views.page_not_found"
handler500 = "exchange.gateway.views.server_error"
