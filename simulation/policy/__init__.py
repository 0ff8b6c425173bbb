"""What the central banks do and say: meetings, given paths, guidance and balance sheets."""
