"""SMORMS3, "squared mean over root mean squared cubed": an optimiser whose memory and step each weight finds itself.

Source: Funk 2015, "RMSprop loses to SMORMS3 - beware the epsilon!". Each weight p with gradient g keeps mem (1 at
first), m and v (0 at first): r = 1 / (1 + mem); m = (1 - r) m + r g; v = (1 - r) v + r g^2; d = m^2 / (v + eps);
p = p - g min(lr, d) / (sqrt(v) + eps); mem = 1 + mem (1 - d).
"""

import torch

from diarkit.errors import UsageError


class Smorms3(torch.optim.Optimizer):
    """SMORMS3. params: as for any torch optimiser; lr: the largest step of a weight, in units of its gradient's
    root mean square; eps: keeps quotients finite."""

    def __init__(self, params, lr=1e-3, eps=1e-16):
        if not lr > 0 or not eps > 0:
            raise UsageError(f"SMORMS3 needs lr and eps greater than 0, not {lr} and {eps}")
        super().__init__(params, dict(lr=lr, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        """Update every weight that has a gradient; closure: computes loss and gradients anew, its loss is returned."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            with_grad = [p for p in group["params"] if p.grad is not None]
            if with_grad:
                self._update(with_grad, group["lr"], group["eps"])
        return loss

    def _update(self, params, lr, eps):
        """All tensors of a group at once; torch's _foreach functions are what its own optimisers are made of."""
        grads = [p.grad for p in params]
        mem, m, v = ([self._state(p)[name] for p in params] for name in ("mem", "m", "v"))
        r = torch._foreach_reciprocal(torch._foreach_add(mem, 1.0))
        for mean, values in ((m, grads), (v, torch._foreach_mul(grads, grads))):
            change = torch._foreach_sub(values, mean)
            torch._foreach_mul_(change, r)
            torch._foreach_add_(mean, change)
        d = torch._foreach_mul(m, m)
        torch._foreach_div_(d, torch._foreach_add(v, eps))
        step = torch._foreach_clamp_max(d, lr)
        torch._foreach_mul_(step, grads)
        torch._foreach_div_(step, torch._foreach_add(torch._foreach_sqrt(v), eps))
        torch._foreach_sub_(params, step)
        torch._foreach_neg_(d)
        torch._foreach_add_(d, 1.0)
        torch._foreach_mul_(mem, d)
        torch._foreach_add_(mem, 1.0)

    def _state(self, p):
        state = self.state[p]
        if not state:
            state.update(mem=torch.ones_like(p), m=torch.zeros_like(p), v=torch.zeros_like(p))
        return state
