"""Gift cards and Q-coins: orders, cards, redemptions and tickets as conversions between accounts."""
