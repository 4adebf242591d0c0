"""Telephones, devices, addresses and names brought to one spelling, and those that everybody shares told apart."""

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from urllib.parse import urlsplit

SHORTEST_NUMBER = 7
"""Digits of a telephone that is somebody's own. Shorter ones are hotlines (95588, 10086, 110), which scams imitate. Grade P."""
SEGMENT_START, SEGMENT_DIGITS, NUMBER_DIGITS = "95", 6, 8
"""Numbers leased by segment: 95…, at least eight digits long, tied by the first six. Grade S (952750xx)."""
PUBLIC_NAMES = frozenset((
    "wechat", "weixin", "微信", "qq", "tim", "alipay", "支付宝", "dingtalk", "钉钉", "taobao", "淘宝", "jd", "京东",
    "douyin", "抖音", "kuaishou", "快手", "xianyu", "闲鱼", "weibo", "微博",
    "telegram", "whatsapp", "facebook", "messenger", "line", "skype", "signal", "teams", "zoom", "腾讯会议", "云闪付",
))  # fmt: skip
"""Programs that everybody has. Grade P."""
PUBLIC_HOSTS = (
    "qq.com", "wechat.com", "alipay.com", "taobao.com", "tmall.com", "jd.com", "suning.com", "baidu.com", "weibo.com",
    "douyin.com", "163.com", "sina.com.cn", "apple.com", "google.com", "t.me", "bit.ly", "t.cn", "dwz.cn",
)  # fmt: skip
"""Hosts, with all below them, that everybody uses. Grade P."""
PLACEHOLDERS = frozenset(("null", "none", "unknown", "n/a", "na", "nil", "undefined", "-", "无", "未知", "不详"))
LONGEST = 200
"""Signs of an identifier that are compared and shown; the rest is cut off."""


def normal(kind: str, text: str) -> tuple[str, bool]:
    """The identifier in one spelling, and whether it is public: it ties nobody. Empty where nothing is said.

    >>> normal("phone", "+86 138-0000-1234"), normal("phone", "95588")
    (('13800001234', False), ('95588', True))
    >>> normal("url", "HTTP://Refund.Example/a?b=1"), normal("app", "微信"), normal("ip", "192.168.1.7")
    (('refund.example', False), ('微信', True), ('192.168.1.7', True))
    """
    plain = unicodedata.normalize("NFKC", text).strip().casefold()[:LONGEST]
    if not plain or plain in PLACEHOLDERS:
        return "", False
    return SPELLINGS.get(kind, named)(plain)


def phone(text: str) -> tuple[str, bool]:
    """Digits alone, without the country's code before a mobile number."""
    digits = re.sub(r"\D", "", text)
    digits = re.sub(r"^(?:00)?86(?=1\d{10}$)", "", digits)
    return digits, len(digits) < SHORTEST_NUMBER or one_sign(digits)


def address(text: str) -> tuple[str, bool]:
    """An IP address; private and reserved ones are in every house."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return text, True
    return str(found), not found.is_global


def host(text: str) -> tuple[str, bool]:
    """The host of a web address."""
    try:
        name = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return text, True
    name = name.rstrip(".").removeprefix("www.")
    return name, "." not in name or any(name == known or name.endswith(f".{known}") for known in PUBLIC_HOSTS)


def program(text: str) -> tuple[str, bool]:
    """The name of an app or of an account with a messenger."""
    return text, text in PUBLIC_NAMES or one_sign(text)


def named(text: str) -> tuple[str, bool]:
    """Any other number or name."""
    return text, one_sign(text)


def one_sign(text: str) -> bool:
    """Whether it is one sign repeated (000000000000000), as machines write where they know nothing."""
    return len(set(text)) == 1


SPELLINGS: dict[str, Callable[[str], tuple[str, bool]]] = {
    "phone": phone,
    "ip": address,
    "url": host,
    "app": program,
    "messenger": program,
}
