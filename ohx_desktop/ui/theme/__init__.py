"""Tokens, the style sheet made from them, and putting both on the application."""
