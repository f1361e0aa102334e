"""One chunk's way: probe → plan → decode → sharpen → encode → mux. Knows neither Ray, nor pandas, nor the terminal."""
