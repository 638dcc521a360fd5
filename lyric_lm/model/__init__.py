"""The network, its loss and its optimizer. Gets batches, knows neither files nor songs."""
