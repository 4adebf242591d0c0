"""Exports of banks and wallets read through a profile: header, columns, parties, times, amounts, order of events."""
