"""What programs send by mistake and people on purpose, as texts of JSON."""

import json
from typing import NamedTuple


class Nasty(NamedTuple):
    """A value in JSON's own text; `is_json` says whether JSON allows it."""

    raw: str
    is_json: bool


_NUMBERS = [
    "0",
    "-0",
    "0.0",
    "-0.0",
    "1",
    "-1",
    "2",
    "0.1",
    "-0.1",
    "0.5",
    "1.5",
    "1e0",
    "1E0",
    "1e1",
    "1e+1",
    "1e-1",
    "1e5",
    "1e-5",
    "1e18",
    "1e-18",
    "1e19",
    "1e-19",
    "1e99",
    "1e308",
    "1e309",
    "1e-308",
    "1e-400",
    "1e999999999",
    "1e-999999999",
    "-1e308",
    "0e0",
    "0e999",
    "0.000000001",
    "0.0000000001",
    "0.00000000000000000001",
    "127",
    "128",
    "255",
    "256",
    "32767",
    "32768",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775806",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775807",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "4611686018427387904",
    "170141183460469231731687303715884105727",
    "340282366920938463463374607431768211456",
    "99999999999999999999",
    "0.1234567890123456789012345678901234567890",
    "1.0000000000000000000000000000001",
    "3.141592653589793",
    "2.2250738585072011e-308",
    "4.9e-324",
    "1.7976931348623157e308",
    "60000.05",
    "60000.123456789",
    "59999.999999999999",
    "1000000000000",
    "100000000000000000",
    "4102444800000",
    "4102444800001",
    "253402300800000",
]
_NO_NUMBERS = [
    "NaN",
    "-NaN",
    "Infinity",
    "-Infinity",
    "nan",
    "inf",
    "+1",
    ".5",
    "5.",
    "01",
    "00",
    "-01",
    "1e",
    "1e+",
    "1.e5",
    "0x10",
    "0b1",
    "0o7",
    "1_000",
    "1,000",
    "1",
    "2",
    "--1",
    "-",
    "+",
    "e5",
    "١٢",
    "１２",
    "1f",
    "1d",
    "1n",
    "undefined",
    "None",
    "True",
    "FALSE",
    "'a'",
    '"a',
    '"\\x"',
    '"\\u12"',
    "[1,]",
    '{"a":1,}',
    "{a:1}",
    '{"a"}',
    "[",
    "{",
    "]",
    "}",
    "/**/1",
    "//1",
    "1;",
    "1/0",
    "$1",
    "#1",
    "@",
]
_WORDS = [
    "", " ", "  ", "null", "None", "undefined", "true", "false", "TRUE", "yes", "on", "1", "0", "-1",
    "+1", "1.0", "1e3", "1E3", ".5", "5.", "00", "01", "0x1F", "1_000", "1,000", "1 000", "1.000,00",
    "NaN", "nan", "Infinity", "-Infinity", "inf", "１２３", "١٢٣", "१२३", "²", "½", "Ⅷ", "1̵", "−1",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616",
    "99999999999999999999999999", "1e400", "1e-400", "0.000000001", "1" * 39, "1" * 40, "1" * 41,
    "1" * 255, "1" * 4_301, "a" * 64, "a" * 65, "a" * 255, "a" * 256, "a" * 257, "a" * 5_000,
    "BTC_USDC-PERPETUAL", "btc_usdc-perpetual", "BTC_USDC-PERPETUAL ", " BTC_USDC-PERPETUAL",
    "BTC_USDC-PERPETUAL\0", "BTC-PERPETUAL", "BTC_USDC", "BTC", "any", "ANY", "all", "*", "%", "_",
    "USDC", "usdc", "USD", "ETH_USDC-PERPETUAL.raw", "BTC_USDC-PERPETUAL/../ETH", "NO-SUCH",
    "' OR '1'='1", "1; DROP TABLE exchange_order; --", "'; SELECT pg_sleep(5); --", "\\", "\\'", '"',
    "`id`", "$(id)", "; ls", "| cat /etc/passwd", "../../../../etc/passwd", "..\\..\\windows", "/dev/null",
    "file:///etc/passwd", "http://169.254.169.254/", "%00", "%0d%0a", "%n%n%n%s%s%s", "%x" * 20, "{0}",
    "{{7*7}}", "${7*7}", "${jndi:ldap://x/a}", "#{1}", "<%= 1 %>", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "javascript:alert(1)", "<!--", "]]>", "<?xml version='1.0'?>",
    "\r\nSet-Cookie: a=b", "a\nb", "a\tb", "a\0b", "\N{BYTE ORDER MARK}", "\N{RIGHT-TO-LEFT OVERRIDE}abc",
    "\N{ZERO WIDTH SPACE}", "\N{ZERO WIDTH JOINER}", "\N{NO-BREAK SPACE}", "\N{LINE SEPARATOR}",
    "\N{COMBINING ACUTE ACCENT}" * 50, "e\N{COMBINING ACUTE ACCENT}", "é", "ß", "İ", "ı", "ſ", "ﬁ", "Å", "Ａ",
    "💥", "👩‍👩‍👧‍👦", "🏳️‍🌈", "𝟙𝟚𝟛", "\U0010ffff", "\ufffe", "\uffff", "\ufffd", "中文", "עברית", "العربية",
    "private/buy", "public/auth", "rpc.discover", "__proto__", "constructor", "__class__", "self", "id",
    "user.orders.any.any.raw", "user.orders.BTC_USDC-PERPETUAL.raw", "user.portfolio.usdc", "user.x",
    "book.BTC_USDC-PERPETUAL.raw", "book.BTC_USDC-PERPETUAL.none.99999999.100ms", "book..", "book",
    "ticker.BTC_USDC-PERPETUAL.0ms", "chart.trades.BTC_USDC-PERPETUAL.-1", "trades.*.raw", "." * 200,
    "deribit_price_index.btc_usd", "00000000-0000-0000-0000-000000000000", "2024-02-30", "1970-01-01",
    "account:read_write", "trade:read_write wallet:read_write", "account:none", "::", ":read_write",
    "0.0.0.0/0", "::/0", "127.0.0.1/33", "::ffff:127.0.0.1", "fe80::1%eth0", "1.2.3.4.5", "localhost",
    "deri-hmac-sha256", "Bearer x", "eyJhbGciOiJub25lIn0.e30.", "AAAA", "=", "====", "Zm9v.bar", ".", "..",
]  # fmt: skip
_CONTROLS = [chr(i) for i in (*range(1, 32), *range(127, 160))]
_SHAPES = [
    "null", "true", "false", "[]", "{}", "[[]]", "[{}]", "[null]", "[0]", '[""]', "[true,false]", "[1,2,3]",
    '["a","b"]', '[["a"]]', '{"a":null}', '{"a":{"a":{}}}', '{"":""}', '{"__proto__":{}}', '{"$gt":""}',
    '{"constructor":{"prototype":{}}}', '{"__class__":"x"}', '{"id":1}', '{"length":1}', '{"0":"a"}',
    '{"toString":1}', '[{"a":1},{"a":2}]', '["BTC_USDC-PERPETUAL"]', '{"instrument_name":"BTC_USDC-PERPETUAL"}',
    "[" + ",".join(["0"] * 500) + "]", "[" + ",".join(['"a"'] * 501) + "]", "[" + ",".join(["[]"] * 300) + "]",
    "{" + ",".join(f'"k{i}":{i}' for i in range(300)) + "}", "[" * 9 + "]" * 9, '{"a":' * 9 + "0" + "}" * 9,
    '"\\u0000"', '"\\u001f"', '"\\u2028"', '"\\ufeff"', '"\\/"', '"\\b\\f\\n\\r\\t"', '"\\ud83d\\ude00"',
    ' "a"', '"a" ', " 1 ", "\n1\n", "\t[]\t",
]  # fmt: skip
# What no message may hold, whatever field it stands in.
_NO_SHAPES = [
    '{"a":1,"a":2}', "[" * 17 + "]" * 17, "[" * 5_000 + "]" * 5_000, '{"a":' * 20 + "0" + "}" * 20,
    '"\\ud800"', '"\\udfff\\ud800"', '"\\ud800a"', '{"\\ud800":1}', '"' + "\t" + '"', '"a\nb"', '"\x01"',
    "1" * 41, "1" * 5_000, "-" + "9" * 400, "0." + "1" * 100,
]  # fmt: skip


def _table() -> list[Nasty]:
    texts = [json.dumps(word) for word in [*_WORDS, *_CONTROLS]]
    allowed = dict.fromkeys([*_NUMBERS, *texts, *_SHAPES])
    forbidden = dict.fromkeys([*_NO_NUMBERS, *_NO_SHAPES])
    long_numbers = [raw for raw in allowed if raw.strip("-").replace(".", "").isdigit()]
    too_long = {raw for raw in long_numbers if len(raw) > 40}
    return [Nasty(raw, raw not in too_long) for raw in allowed] + [
        Nasty(raw, is_json=False) for raw in forbidden if raw not in allowed
    ]


NASTIES = _table()
ALLOWED = [nasty for nasty in NASTIES if nasty.is_json]
FORBIDDEN = [nasty for nasty in NASTIES if not nasty.is_json]
