"""Currencies by the words banks write for them."""

import pyarrow as pa
import pyarrow.compute as pc

WORDS = {
    "人民币": "CNY",
    "人民币元": "CNY",
    "元": "CNY",
    "RMB": "CNY",
    "CNH": "CNY",
    "156": "CNY",
    "美元": "USD",
    "840": "USD",
    "港币": "HKD",
    "港元": "HKD",
    "344": "HKD",
    "欧元": "EUR",
    "978": "EUR",
    "日元": "JPY",
    "392": "JPY",
    "英镑": "GBP",
    "826": "GBP",
    "澳大利亚元": "AUD",
    "澳元": "AUD",
    "加拿大元": "CAD",
    "加元": "CAD",
    "新加坡元": "SGD",
    "新西兰元": "NZD",
    "瑞士法郎": "CHF",
    "澳门元": "MOP",
    "韩元": "KRW",
    "泰铢": "THB",
}
"""Names and ISO 4217 numbers seen in statements."""


def currency_codes(cells: pa.Array) -> pa.Array:
    """ISO 4217 codes in place of words and numbers; what is none of them stays for the check to refuse."""
    at = pc.index_in(cells, pa.array(list(WORDS)))
    return pc.coalesce(pc.take(pa.array(list(WORDS.values())), at), pc.utf8_upper(cells))
