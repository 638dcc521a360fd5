"""Write token by token, quickly: plain GPT-2 and Llama networks on a CPU by fused steps of our own, all others as they
are, behind one interface. Ids go in, logits come out; which token is taken is not decided here."""
