"""Invented names and numbers, made for all accounts at once. Bank prefixes, people and firms are fictitious."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SURNAMES = "王李张刘陈杨黄赵周吴徐孙马胡朱郭何高林罗郑梁谢宋唐许韩冯邓曹"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英华玉兰飞鹏晨宇浩欣怡子涵梓轩雨佳慧"
FIRST_PREFIX = 629_901
"""Issuer prefixes of the invented banks; real ones are not used."""

STEP = 368_787_131_071
WALLET_PREFIX = {"WeChat Pay": "wx", "Alipay": "ali", "Suning": "sn", "Tencent": "tq"}


def serials(count: int, offset: int) -> NDArray[np.int64]:
    """Distinct 12-digit numbers in no visible order: a walk with a step that shares no factor with 10^12."""
    number = np.arange(offset, offset + count, dtype=np.int64)
    low = number * (STEP % 1_000_000) + (number * (STEP // 1_000_000) % 1_000_000) * 1_000_000
    return (low + 271_828_182_845) % 1_000_000_000_000


def bank_numbers(serial: NDArray[np.int64], bank: NDArray[np.int64]) -> pa.Array:
    """19-digit card numbers: prefix of the bank, serial, check digit (Luhn)."""
    body = (FIRST_PREFIX + bank) * 1_000_000_000_000 + serial
    total = np.zeros(len(body), dtype=np.int64)
    rest = body.copy()
    for position in range(18):
        digit = rest % 10
        rest //= 10
        if position % 2 == 0:
            digit = digit * 2
            digit -= 9 * (digit > 9)
        total += digit
    return pa.array(body * 10 + (10 - total % 10) % 10).cast(pa.string())


def wallet_numbers(serial: NDArray[np.int64], institution: pa.Array) -> pa.Array:
    """A prefix of the wallet company and twelve digits."""
    prefix = pa.array([WALLET_PREFIX.get(name, "w") for name in institution.to_pylist()], pa.string())
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(pa.array(serial).cast(pa.string()), 12, "0"), "")


def holder_names(person: NDArray[np.int64], seed: int) -> pa.Array:
    """A Chinese name per person: the same person always has the same one."""
    mixed = (person * 2_654_435_761 + seed * 97 + 12_345) % (1 << 40)
    surname = pa.array(list(SURNAMES)).take(pa.array(mixed % len(SURNAMES)))
    first = pa.array(list(GIVEN)).take(pa.array(mixed // 31 % len(GIVEN)))
    second = pa.array([*GIVEN, *[""] * 12]).take(pa.array(mixed // 1_301 % (len(GIVEN) + 12)))
    return pc.binary_join_element_wise(surname, first, second, "")


def holder_ids(person: NDArray[np.int64]) -> pa.Array:
    """P and ten digits."""
    mixed = (person * 7_368_787 + 1_618_033) % 10_000_000_000
    return pc.binary_join_element_wise("P", pc.utf8_lpad(pa.array(mixed).cast(pa.string()), 10, "0"), "")
