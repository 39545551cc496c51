"""`python -m budgetfusion` is the command line."""

from budgetfusion.cli import main

main()
