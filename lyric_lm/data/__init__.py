"""Songs as numbers: token ids, packed blocks, batches. Knows tokenizers and tensors, not models."""
