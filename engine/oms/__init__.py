"""Order management: one tracked truth per order, position and balance."""
