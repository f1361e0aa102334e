"""The pictures and the page of a preview: settings beside each other."""
