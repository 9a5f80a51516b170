"""The only code the four services share: it knows no service and holds no clinic policy."""
