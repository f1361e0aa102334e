"""Folders that are kept sharp: watched, and worked on as recordings come."""
