"""Reports: metrics of frames, tables, and the pages made from them. Knows nothing of Ray."""
