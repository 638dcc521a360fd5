"""The LightningModule: one step of training or validation on packed songs, with exact numbers.

Lightning sums gradients over the batches of an accumulation window and divides by the window's nominal
size. Here every batch contributes its *sum* of nats, and the gradient is divided once, just before
clipping, by the number of target tokens in the whole optimizer step. So a step over the same songs is the
same step however it is cut into batches, and a short last window is not too small. Several processes add up
their sums and targets; torch's DDP and FSDP average the gradient over them, which is undone.
"""

import contextlib
import logging
import math
import time
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from lyric_lm.data.batches import Batch, Numbered
from lyric_lm.errors import NotFinite
from lyric_lm.fingerprint import parts_fingerprint
from lyric_lm.model.compiling import compiled
from lyric_lm.model.finite import look_closer, shortened, titles
from lyric_lm.model.loss import batch_sums, bits_per_byte, perplexity
from lyric_lm.model.network_module import NetworkModule
from lyric_lm.model.optim import lr_factor, make_optimizer, n_warmup_steps, scale_gradients
from lyric_lm.model.step_log import log_step
from lyric_lm.recall import keep, look_up

log = logging.getLogger(__name__)


class SongModule(NetworkModule):
    """Train a causal language model on packed songs.

    Logs, each optimizer step: ``train/loss`` (plain cross-entropy) and ``train/objective`` (with label
    smoothing), both in nats per target token; ``train/grad_norm``, the global L2 norm before clipping;
    ``lr``; ``tokens_per_second`` (target tokens, from step to step, without validation). Each validation: ``val/loss``,
    ``val/perplexity``, ``val/bits_per_byte``.

    An optimizer step whose loss or gradient is not finite is not taken: weights and moments stay as they are, and the
    curves have a gap. It ends the run, or is counted in ``n_skipped_steps``. A validation loss that is not finite
    always ends the run: there is nothing left to choose the best epoch by.

    Args:
        network: a transformers causal language model.
        name: what the model is called; kept in checkpoints so that one cannot be resumed as another.
        lr, weight_decay, warmup_steps, warmup_fraction, schedule, label_smoothing, ema_decay, beta1, beta2: the keys of
            ``optim``.
        skips_not_finite: go on after a step that could not be taken (``trainer.on_nan=skip``).
        identity: of the untrained model (``recall.identity``), where what it is known to do need not be found again.

    Raises:
        NotFinite: during training or validation.
    """

    def __init__(
        self,
        network: PreTrainedModel,
        name: str,
        lr: float,
        weight_decay: float,
        schedule: str,
        label_smoothing: float,
        warmup_steps: int | None = None,
        warmup_fraction: float | None = None,
        ema_decay: float = 0.0,
        beta1: float = 0.9,
        beta2: float = 0.999,
        skips_not_finite: bool = False,
        identity: str | None = None,
    ):
        super().__init__(network, ema_decay)
        self.name = name
        self.identity = identity
        self.lr, self.weight_decay, self.schedule = lr, weight_decay, schedule
        self.betas = (beta1, beta2)
        self.warmup_steps, self.warmup_fraction = warmup_steps, warmup_fraction
        self.label_smoothing = label_smoothing
        self.skips_not_finite = skips_not_finite
        self.is_compiled = False  # by ``compile_network``
        self.n_skipped_steps = 0
        self.n_tokens_trained = 0
        self.seconds_trained = 0.0
        # Objective, nats and targets of each batch of the step; nats, targets and bytes of each of the validation.
        # They stay on the device until they are needed: to ask for them is to wait for it.
        self._step_sums: list[Tensor] = []
        self._val_sums: list[Tensor] = []
        self._kept_as: dict[str, Any] | None = None
        self._kept_sums: list[float] | None = None
        self._step_began = 0.0
        self._report: dict[str, float] = {}  # of the step that is about to be taken
        self._window: list[int] = []  # the numbers of the step's batches so far, within the epoch

    def _over_processes(self, batches: list[Tensor]) -> list[float]:
        """Return the sums of batches added up, over all processes, which so decide alike."""
        sums = torch.stack(batches).cpu().double().sum(dim=0)  # MPS has no float64: to the CPU first
        if self.trainer.world_size > 1:
            sums = self.trainer.strategy.reduce(sums.to(self.device), reduce_op="sum")
        return sums.tolist()

    # Training

    def on_fit_start(self) -> None:
        self.network.train()  # from_pretrained leaves it in eval mode, which would switch configured dropout off
        super().on_fit_start()

    def on_train_start(self) -> None:
        self._step_began = time.perf_counter()

    def on_train_epoch_start(self) -> None:
        self.trainer.train_dataloader.set_epoch(self.current_epoch)
        self._step_began = time.perf_counter()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the batch's sum of nats (objective), made proof against Lightning's own division."""
        self._window.append(batch_idx)
        self.release()
        if self.is_compiled:  # one code for any number of songs
            torch._dynamo.maybe_mark_dynamic(batch["song_starts"], 0)
        with compiled() if self.is_compiled else contextlib.nullcontext():
            objective, nats = batch_sums(self.network, batch, self.label_smoothing)
        self._step_sums.append(_together(objective.detach(), nats, batch["n_targets"]))
        return objective * self.trainer.accumulate_grad_batches

    def on_train_batch_end(self, *args: Any) -> None:
        if self.global_step == self.trainer.max_steps:
            self.trainer.should_stop = True  # told so, Lightning measures what it ends with, within an epoch too

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Divide the gradient by the step's target tokens, measure its norm, clip it by that norm."""
        window, self._window = self._window, []
        parameters = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        norm = torch.nn.utils.get_total_norm([p.grad for p in parameters])
        norm = norm.full_tensor() if self.is_sharded else norm  # type: ignore[attr-defined]
        objective, nats, n_targets = self._over_processes(self._step_sums)  # once a step, the device is waited for
        self._step_sums.clear()
        factor = self.trainer.world_size / n_targets
        norm = norm.cpu() * factor
        is_loss_finite = math.isfinite(objective) and math.isfinite(nats)
        is_norm_finite = math.isfinite(norm)
        if not is_loss_finite or not (is_norm_finite or self._scaler_is_searching()):
            self._leave_out("gradient" if is_loss_finite else "loss", optimizer, window)
            return
        if is_norm_finite and gradient_clip_val:
            factor *= float((gradient_clip_val / (norm + 1e-6)).clamp(max=1.0))  # as torch's clip_grad_norm_
        scale_gradients(optimizer, parameters, factor)
        now = time.perf_counter()
        seconds, self._step_began = now - self._step_began, now  # from step to step, the update itself included
        self.n_tokens_trained += int(n_targets)
        self.seconds_trained += seconds
        self._report = {
            "step": self.global_step + 1,  # steps done, so that 0 is the untrained model
            "epoch": self.current_epoch,
            "train/loss": nats / n_targets,
            "train/objective": objective / n_targets,
            **({"train/grad_norm": float(norm)} if is_norm_finite else {}),
            "lr": optimizer.param_groups[0]["lr"],
            "tokens_per_second": n_targets / seconds,
        }

    def _scaler_is_searching(self) -> bool:
        """With fp16, infinite gradients tell torch's scaler that its scale is too large: it skips and halves it."""
        scaler = getattr(self.trainer.precision_plugin, "scaler", None)
        return scaler is not None and scaler.get_scale() > 1

    def _leave_out(self, what: str, optimizer: torch.optim.Optimizer, window: list[int]) -> None:
        """Make the optimizer's coming step do nothing, and say so or end the run."""
        self._step_began = time.perf_counter()
        step = self.global_step + 1
        batches = self.trainer.train_dataloader.window(window[0], window[-1])
        if not self.skips_not_finite:
            self.gather()
            raise self._not_finite(f"the {what} of step {step}", step, batches, self.whole)
        optimizer.zero_grad(set_to_none=True)  # an optimizer leaves alone what has no gradient
        self.n_skipped_steps += 1
        songs = shortened(titles(block for _, blocks in batches for block in blocks))
        log.warning("Warning: the %s of step %s is not finite; the step is skipped (songs: %s)", what, step, songs)
        self._report = {"step": step, "epoch": self.current_epoch, "lr": optimizer.param_groups[0]["lr"]}

    def _not_finite(self, what: str, step: int, batches: Numbered, network: PreTrainedModel) -> NotFinite:
        """Return the error that ends the run, with what can be found out; the first process does so for all."""
        if not self.trainer.is_global_zero:
            return NotFinite(f"{what} is not finite")
        with self.trainer.precision_plugin.forward_context():
            account = look_closer(what, network, batches)
        return account.error(step, self.current_epoch + 1, str(self.trainer.precision))

    # Validation

    # The untrained model's sums are kept for the next run that starts with it and holds out the same songs.

    def on_validation_epoch_start(self) -> None:
        self._val_sums.clear()
        self._kept_as = self._kept_sums = None
        if self.trainer.state.fn == "validate" and self.identity and self.trainer.world_size == 1:
            served = self.trainer.val_dataloaders
            self._kept_as = {
                "model": self.identity,
                "parts": parts_fingerprint(part for block in served.blocks for part in block),
                "cut": [len(served.blocks), served.batch_size, str(self.trainer.limit_val_batches)],
                "device": self.device.type,
                "precision": str(self.trainer.precision),
            }
            self._kept_sums = look_up("held_out", self._kept_as)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        if self._kept_sums:
            return
        nats = batch_sums(self.average.network if self.average else self.network, batch).nats
        self._val_sums.append(_together(nats, batch["n_targets"], batch["n_bytes"]))

    def on_validation_epoch_end(self) -> None:
        nats, n_targets, n_bytes = self._kept_sums or self._over_processes(self._val_sums)
        loss = nats / n_targets
        if self._kept_as and not self._kept_sums and math.isfinite(loss):
            keep("held_out", self._kept_as, [nats, n_targets, n_bytes])
        self.gather()  # to be exported, and to write samples
        if not math.isfinite(loss):
            served = self.trainer.val_dataloaders
            what = f"the held-out loss after step {self.global_step}"
            raise self._not_finite(what, self.global_step, served.window(0, len(served) - 1), self.measured)
        self.log_dict(
            {
                "step": float(self.global_step),
                "epoch": float(self.current_epoch),
                "val/loss": loss,
                "val/perplexity": perplexity(loss),
                "val/bits_per_byte": bits_per_byte(nats, int(n_bytes)),
            }
        )

    def on_validation_end(self) -> None:
        self._step_began = time.perf_counter()  # what was measured and written meanwhile is not training

    # Optimizer

    def optimizer_step(self, epoch: int, batch_idx: int, optimizer: Any, optimizer_closure: Any = None) -> None:
        """Take the step, then let the gradients go: else they lie beside all that the next batch needs."""
        super().optimizer_step(epoch, batch_idx, optimizer, optimizer_closure)
        optimizer.zero_grad()
        if self.average and "train/loss" in self._report:  # else the step was left out
            self.average.update()
        report, self._report = self._report, {}
        log_step(self.trainer, report)

    def configure_optimizers(self) -> dict[str, Any]:
        total_steps = int(self.trainer.estimated_stepping_batches)
        n_warmup, _ = n_warmup_steps(total_steps, self.warmup_steps, self.warmup_fraction)
        # GradScaler (fp16) wants to unscale outside the fused kernel, before the norm is measured.
        is_fused = self.trainer.precision != "16-mixed"
        optimizer = make_optimizer(self.network, self.lr, self.weight_decay, self.betas, is_fused)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lr_factor(self.schedule, total_steps, n_warmup))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def _together(*numbers: Tensor) -> Tensor:
    """Return numbers of a batch as one float32 tensor; counts are exact up to 16 million."""
    return torch.stack([number.float() for number in numbers])
