"""Words of banks, wallets and people, compared: bank names, clearing partners, names with a star in them."""

import re
import unicodedata

SYSTEMS = ("", "wechat", "alipay", "jd")
"""Wallet systems by number; Tenpay is the licence behind WeChat Pay."""
CLEARING = {
    1: r"财付通|微信|tenpay|wechat|weixin",
    2: r"支付宝|蚂蚁|alipay",
    3: r"网银在线|京东|chinabank|^jd",
}
"""How a bank's statement calls the wallet's clearing account, by system (RE2, lower case)."""
REFUND_WORDS = r"退款|退货|退回|退汇|冲正|冲账|撤销|抹账|refund|reversal|reversed|chargeback|\breturn(ed)?\b"
"""Wording that tells a refund or a reversal (RE2, lower case)."""

_BANKS = (
    ("工商银行", "工行", "icbc"),
    ("农业银行", "农行", "abc"),
    ("中国银行", "中行", "boc"),
    ("建设银行", "建行", "ccb"),
    ("交通银行", "交行", "bocom"),
    ("招商银行", "招行", "cmb"),
    ("浦发银行", "浦东发展银行", "浦发", "spdb"),
    ("中信银行", "citic"),
    ("民生银行", "cmbc"),
    ("光大银行", "ceb"),
    ("兴业银行", "cib"),
    ("平安银行", "pab"),
    ("邮政储蓄银行", "邮储", "psbc"),
    ("广发银行", "cgb"),
    ("华夏银行", "hxb"),
)
_DECORATION = re.compile(
    r"信用卡|储蓄卡|借记卡|股份有限公司|有限责任公司|有限公司|支行.*|分行.*|^中国(?=..银行|....银行)|[\s()]"
)


def plain(text: str) -> str:
    """Text in one width and case, without blanks."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()


def bank_of(text: str) -> str:
    """One name for a bank, however it is written; empty where the text names none."""
    low = unicodedata.normalize("NFKC", text).casefold()
    words = set(re.findall(r"[a-z]+", low))
    for names in _BANKS:
        if any(name in words if name.isascii() else name in low for name in names):
            return names[0]
    bare = _DECORATION.sub("", low)
    return bare if "银行" in bare or "bank" in bare or "信用社" in bare or "农信" in bare else ""


def names_agree(one: str, other: str) -> bool:
    """Whether two plain names may be one person's or firm's; a star stands for one or more hidden letters."""
    if one == other:
        return True
    if "*" in one or "*" in other:
        return _starred(one, other) or _starred(other, one)
    short, long = sorted((one, other), key=len)
    return len(short) >= (6 if short.isascii() else 2) and short in long


def _starred(pattern: str, name: str) -> bool:
    visible = pattern.replace("*", "")
    if not visible or "*" in name:
        return False
    return bool(re.fullmatch(re.sub(r"(?:\\\*)+", ".+", re.escape(pattern)), name))
