"""Who is calling: tokens, the endpoints that hand them out, and the principals behind them."""
