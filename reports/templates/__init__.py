"""Pages' templates, and what all pages are made of: filled templates, data, pictures, words, Markdown."""
