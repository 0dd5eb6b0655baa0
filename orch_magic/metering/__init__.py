"""What a model call costs: reading a provider's reply and pricing what it used."""
