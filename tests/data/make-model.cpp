/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Writes TorchScript modules for the tests, and to try `model=` with:
 *
 *   make-model FOLDER
 *
 * chunks.pt   forward(prompt, frames, gain) plays a stereo tone in chunks,
 *             with sample_rate() and reset(seed)
 * whole.pt    forward(duration, seed) gives one second of mono noise at once
 * ends.pt     forward(frames) gives 10,000 frames and then none
 * wrong.pt    forward(frames) gives integers
 * fails.pt    forward(frames) raises after three chunks */

#include <torch/script.h>

#include <cstdio>
#include <exception>
#include <string>

namespace {

const struct
{
  const char *name;
  const char *code;
} models[] = {
  {"chunks", R"(
def forward(self, prompt: str, frames: int, gain: float = 0.5):
    t = torch.arange(frames) + self.position
    self.position = self.position + frames
    left = gain * torch.sin(t * (440.0 * 6.283185307179586 / 32000.0))
    right = torch.full([frames], 0.001 * float(len(prompt)))
    return torch.stack([left, right])

def sample_rate(self) -> int:
    return 32000

def reset(self, seed: int):
    self.position = torch.zeros([1])
)"},
  {"whole", R"(
def forward(self, duration: float, seed: int = 7):
    return torch.rand([int(duration * 16000.0)]) - 0.5

def sample_rate(self) -> int:
    return 16000
)"},
  {"ends", R"(
def forward(self, frames: int):
    left = 10000 - int(self.position.item())
    n = min(frames, left)
    self.position = self.position + n
    return torch.full([1, n], 0.25)

def reset(self):
    self.position = torch.zeros([1])
)"},
  {"wrong", R"(
def forward(self, frames: int):
    return torch.zeros([frames], dtype=4)  # int64
)"},
  {"fails", R"(
def forward(self, frames: int):
    self.position = self.position + 1
    assert int(self.position.item()) <= 3, "no more ideas"
    return torch.zeros([2, frames])

def reset(self):
    self.position = torch.zeros([1])
)"},
};

}

int
main (int argc, char **argv)
{
  if (argc != 2) {
    std::fprintf (stderr, "usage: make-model FOLDER\n");
    return 2;
  }
  try {
    for (const auto & model : models) {
      torch::jit::Module module (model.name);
      module.register_buffer ("position", torch::zeros ({1}));
      module.define (model.code);
      module.save (std::string (argv[1]) + "/" + model.name + ".pt");
    }
  } catch (const std::exception & error) {
    std::fprintf (stderr, "make-model: %s\n", error.what ());
    return 1;
  }
  return 0;
}
