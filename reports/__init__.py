"""What a run says of itself: tables and, from them, pages. Knows neither Ray nor the pipeline."""
