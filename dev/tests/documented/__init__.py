"""How the tests read, check and run the code of the documentation."""
