def inert_reason(scenario, key): return None
def dormant_reason(scenario, key): return None
