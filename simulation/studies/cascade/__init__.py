"""The cascade by itself: fire sales among leveraged balance sheets, by the rules that the engine's margin calls follow.

Banks, or funds, hold assets on equity and debt.  A shock makes losses, lenders call margin or banks return to a leverage
target, the sales move prices, the prices make losses, and so on until nobody is forced.  Money is in any one unit; an
amount of an asset is counted at the price it has after the shock, so that every price starts from one.

>>> import simulation as cf
>>> banks = cf.Banks(holdings=[[100.0, 0.0], [50.0, 50.0]], equity=[10.0, 10.0])
>>> sale = cf.fire_sale(banks, cf.LeverageRule(limit=12.0), cf.MarketDepth(impact=1e-3), shock=[-0.04, 0.0])
>>> sale.rounds, sale.sales, sale.prices, sale.losses
"""

from simulation.studies.cascade.inputs import Banks, LeverageRule, MarketDepth
from simulation.studies.cascade.rounds import FireSale, fire_sale

__all__ = ["Banks", "FireSale", "LeverageRule", "MarketDepth", "fire_sale"]
