"""Web pages: the teaching page, its server, the Mesa page and reports."""
