"""notify: owns contact points, opt-outs, message plans, attempts, receipts and replies."""
