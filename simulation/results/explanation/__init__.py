"""What one day of one run was made of: who sold, by which rule, and what it did to the price."""
