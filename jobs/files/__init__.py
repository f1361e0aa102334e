"""Recordings and results as files and objects: found, brought, named, guarded."""
