/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace genaudio::pickle {

enum class Kind
{
  none, boolean, integer, number, string, tuple, list, dict,
  global,                       /* "module.name" in text */
  storage,                      /* a persistent id; items[0] is its tuple */
  tensor,                       /* items[0] is the tuple of arguments */
};

using Index = std::uint32_t;

struct Node
{
  Kind kind = Kind::none;
  bool truth = false;
  __int128 integer = 0;
  double number = 0;
  std::string text;             /* UTF-8 if the pickle is honest */
  std::vector<Index> items;     /* of a dict: key, value, key, value... */
};

/* What a pickle describes. Nodes refer to one another by index, so that
 * neither depth nor a loop among them can hurt whoever frees them; whoever
 * walks them has to limit both. */
struct Graph
{
  std::vector<Node> nodes;
  Index root = 0;

  const Node & operator[] (Index i) const { return nodes[i]; }
};

/* Reads the pickle of a torch.save file, protocols 2 to 4, without executing
 * anything: only the opcodes that build tuples, lists, dicts, strings and
 * numbers, and calls of two functions, which are recognised, not made:
 * torch._utils._rebuild_tensor_v2 and collections.OrderedDict. Throws Error
 * naming what else it finds. */
Graph read (std::string_view bytes);

}
