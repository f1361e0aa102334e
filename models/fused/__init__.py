"""Students run by the C library: its source, its loading, and the weights as it reads them."""
