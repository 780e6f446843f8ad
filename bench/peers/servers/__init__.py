"""How each server is started, and where it then takes and gives streams."""
