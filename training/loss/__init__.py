"""Losses: their terms, and the objective that a recipe makes of them."""
