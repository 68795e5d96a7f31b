"""The effects of a decision, each inside the transaction it is handed."""
