"""Networks: the students' and teachers' layers, the catalogue of them by name, and how weights are read."""
