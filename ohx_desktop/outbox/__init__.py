"""Outbox: confirmed readings, durable and encrypted until the EHR has acknowledged them."""
