"""Bank messages: ISO 20022 (camt, pacs) and MT940, as streams of entries and rows."""
