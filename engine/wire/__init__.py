"""The exchange's wire protocol as data: used by our client and by the paper exchange."""
