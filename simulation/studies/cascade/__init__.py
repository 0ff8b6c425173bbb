"""Fire sales among leveraged balance sheets, with the engine's own rules and without the rest of the engine.

Banks or funds hold assets financed by equity and debt.  A shock causes losses, lenders call margin or banks return to a
leverage target, their sales move prices, and the lower prices cause further losses, until no bank has to sell.  Money is in
any unit; amounts of an asset are valued at its price after the shock, so that all prices start at one.

>>> import simulation as cf
>>> banks = cf.Banks(holdings=[[100.0, 0.0], [50.0, 50.0]], equity=[10.0, 10.0])
>>> sale = cf.fire_sale(banks, cf.LeverageRule(limit=12.0), cf.MarketDepth(impact=1e-3), shock=[-0.04, 0.0])
>>> sale.rounds, sale.sales, sale.prices, sale.losses
"""

from simulation.studies.cascade.inputs import Banks, LeverageRule, MarketDepth
from simulation.studies.cascade.rounds import FireSale, fire_sale

__all__ = ["Banks", "FireSale", "LeverageRule", "MarketDepth", "fire_sale"]
