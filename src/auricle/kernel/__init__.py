"""What every package may use: ids, ports for time and chance, private values, error roots. Imports nothing of ours."""
