"""The page for teaching with a server behind it, which computes the states that were not computed before.

`controls` says what may be asked for, `reading` reads a question, `line` and `desk` decide who is next, `work` computes it in
a worker process, `shelf` keeps it, `app` and `server` speak HTTP on this machine alone.
"""
