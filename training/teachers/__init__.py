"""Networks of others that restore pictures, from their official files: to compare with, and to learn from."""
