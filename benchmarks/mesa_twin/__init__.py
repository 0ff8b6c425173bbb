"""The model as Mesa's tutorial would write it: one agent object per investor, plain numbers, the package's own rule functions.

It is the slow oracle of the tests and the peer of the benchmarks.  Agent by agent and with plain numbers: orders, margin
calls and stops, both legs of every trade, marking to market, interest and coupons, write-offs, payments to owners, forced
sales after a fall, and all sums over investors.

It shares with the engine what is not an investor: officials and their rates, expectations, news, the market's price
formation, the one-row accounts of dealers, value investors, lenders and issuers, the ledger's identities between sectors, and
the recorder.  Investors are born with the engine's draws and start balance sheets.
"""
