"""What a job of a connector is: its name, its run, its outcome, its errors."""
