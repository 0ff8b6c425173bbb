"""The model in the style of Mesa's tutorial: one agent object per investor, plain numbers, the rule functions of the package.

Independent check of the engine in tests and comparison in benchmarks.  Agent by agent and with plain numbers: orders, margin
calls and stops, both legs of every trade, marking to market, interest and coupons, write-offs, payments to owners, forced
sales after a price fall, and all sums over investors.

Shared with the engine: officials and their rates, expectations, news, price formation, the one-row accounts of dealers, value
investors, lenders and issuers, the ledger identities between sectors, and the recorder.  Investors start with the engine's draws
and balance sheets.
"""
