"""From results to what people read: Markdown, CSV, pictures and one page."""
