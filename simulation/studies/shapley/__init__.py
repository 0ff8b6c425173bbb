"""What each mechanism of the unwinding contributes: mechanisms switched off one by one and together, under the same news."""
