"""One file for each benchmark; `python -m benchmarks.<name>` exits 0 only if its claim holds."""
