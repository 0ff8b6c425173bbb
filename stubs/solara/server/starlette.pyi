from typing import Any

app: Any
