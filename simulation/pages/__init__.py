"""HTML pages and local servers: teaching page, reports and the interactive model."""
