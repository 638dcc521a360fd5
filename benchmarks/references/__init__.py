"""What this project is measured against: three ways to fine-tune the same network on the same songs, each at its best.

``report_recipe``: Hugging Face's Trainer with the recipe of the report that the project grew from. ``trainer_best``:
the same Trainer tuned for this job. ``nanogpt``: nanoGPT's model and loop. All take a network, ``Songs`` and a
``Watcher``. Their rates and batches come from ``python -m benchmarks.references.tune``.
"""
