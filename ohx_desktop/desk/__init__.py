"""The front desk: taking one reading of one patient, as a service without a window."""
