"""Networks of others that give pictures of the size that they take: ONNX files, and those that spandrel knows."""
