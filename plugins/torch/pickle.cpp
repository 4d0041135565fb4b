/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The opcodes are described in CPython's Lib/pickletools.py. */

#include "pickle.hpp"
#include "error.hpp"

#include <bit>
#include <cstddef>
#include <unordered_map>

namespace genaudio::pickle {

namespace {

constexpr std::size_t max_nodes = 1'000'000;
constexpr char rebuild_tensor[] = "torch._utils._rebuild_tensor_v2";
constexpr char ordered_dict[] = "collections.OrderedDict";

class Machine
{
public:
  explicit Machine (std::string_view bytes) : bytes_ (bytes) {}

  Graph
  run ()
  {
    while (true) {
      const unsigned char op = static_cast<unsigned char> (take (1)[0]);
      if (op == '.')
        break;
      if (!build_scalar (op) && !build_container (op) && !use_memo (op)
          && !use_global (op))
        refuse_opcode (op);
    }
    graph_.root = pop ();
    return std::move (graph_);
  }

private:
  [[noreturn]] void
  fail (const std::string & what) const
  {
    throw Error (Fault::decode, cat ("Its pickle is broken at byte ", at_,
            ": ", what));
  }

  [[noreturn]] void
  refuse_opcode (unsigned char op) const
  {
    constexpr char digits[] = "0123456789abcdef";

    throw Error (Fault::format, cat ("Its pickle has the opcode 0x",
            digits[op >> 4], digits[op & 15], ", which builds an object, not "
            "a tensor, a number, a string, a list, a tuple or a dict"));
  }

  /* -- bytes */

  std::string_view
  take (std::size_t count)
  {
    if (count > bytes_.size () - at_)
      fail ("it ends too early");
    const std::string_view part = bytes_.substr (at_, count);
    at_ += count;
    return part;
  }

  std::uint64_t
  take_unsigned (unsigned width)
  {
    const std::string_view part = take (width);
    std::uint64_t value = 0;

    for (unsigned i = width; i-- > 0; )
      value = value << 8 | static_cast<unsigned char> (part[i]);
    return value;
  }

  std::string_view
  take_counted (unsigned width)
  {
    return take (take_unsigned (width));
  }

  std::string_view
  take_line ()
  {
    const std::size_t end = bytes_.find ('\n', at_);

    if (end == std::string_view::npos)
      fail ("a line does not end");
    const std::string_view line = take (end - at_);
    take (1);
    return line;
  }

  /* -- the stack */

  Index
  make (Kind kind)
  {
    if (graph_.nodes.size () == max_nodes)
      throw Error (Fault::decode, cat ("Its pickle has more than ", max_nodes,
              " values"));
    graph_.nodes.emplace_back ();
    graph_.nodes.back ().kind = kind;
    return static_cast<Index> (graph_.nodes.size () - 1);
  }

  Node &
  push (Kind kind)
  {
    const Index index = make (kind);

    stack_.push_back (index);
    return graph_.nodes[index];
  }

  void
  check_above_mark (std::size_t count) const
  {
    const std::size_t floor = marks_.empty () ? 0 : marks_.back ();

    if (stack_.size () - floor < count)
      fail ("its stack is empty");
  }

  Index
  pop ()
  {
    check_above_mark (1);
    const Index index = stack_.back ();
    stack_.pop_back ();
    return index;
  }

  Index
  top () const
  {
    check_above_mark (1);
    return stack_.back ();
  }

  std::vector<Index>
  pop_count (std::size_t count)
  {
    check_above_mark (count);
    const auto from = stack_.end () - static_cast<std::ptrdiff_t> (count);
    const std::vector<Index> items (from, stack_.end ());
    stack_.erase (from, stack_.end ());
    return items;
  }

  std::vector<Index>
  pop_to_mark ()
  {
    if (marks_.empty ())
      fail ("it lacks a mark");
    const std::vector<Index> items =
        pop_count (stack_.size () - marks_.back ());
    marks_.pop_back ();
    return items;
  }

  /* -- opcodes */

  bool
  build_scalar (unsigned char op)
  {
    switch (op) {
      case 'N':
        push (Kind::none);
        return true;
      case 0x88:
      case 0x89:
        push (Kind::boolean).truth = op == 0x88;
        return true;
      case 'K':
        push_integer (static_cast<std::int64_t> (take_unsigned (1)));
        return true;
      case 'M':
        push_integer (static_cast<std::int64_t> (take_unsigned (2)));
        return true;
      case 'J':
        push_integer (static_cast<std::int32_t> (take_unsigned (4)));
        return true;
      case 0x8a:
        push_long (take_counted (1));
        return true;
      case 'G':
        push_float (take (8));
        return true;
      case 'X':
        push (Kind::string).text = take_counted (4);
        return true;
      case 0x8c:
        push (Kind::string).text = take_counted (1);
        return true;
      case 0x8d:
        push (Kind::string).text = take_counted (8);
        return true;
      default:
        return false;
    }
  }

  void
  push_integer (__int128 value)
  {
    push (Kind::integer).integer = value;
  }

  /* two's complement, the least byte first */
  void
  push_long (std::string_view bytes)
  {
    unsigned __int128 value = 0;

    if (bytes.size () > 16)
      throw Error (Fault::format, cat ("Its pickle has a number of ",
              bytes.size (), " bytes; at most 16 are read"));
    if (!bytes.empty () && (bytes.back () & 0x80))
      value = ~value;
    for (std::size_t i = bytes.size (); i-- > 0; )
      value = value << 8 | static_cast<unsigned char> (bytes[i]);
    push_integer (static_cast<__int128> (value));
  }

  /* the greatest byte first */
  void
  push_float (std::string_view bytes)
  {
    std::uint64_t bits = 0;

    for (const char c : bytes)
      bits = bits << 8 | static_cast<unsigned char> (c);
    push (Kind::number).number = std::bit_cast<double> (bits);
  }

  bool
  build_container (unsigned char op)
  {
    switch (op) {
      case '(':
        marks_.push_back (stack_.size ());
        return true;
      case ')':
        push (Kind::tuple);
        return true;
      case ']':
        push (Kind::list);
        return true;
      case '}':
        push (Kind::dict);
        return true;
      case 0x85:
      case 0x86:
      case 0x87:
        push_items (Kind::tuple, pop_count (op - 0x84u));
        return true;
      case 't':
        push_items (Kind::tuple, pop_to_mark ());
        return true;
      case 'l':
        push_items (Kind::list, pop_to_mark ());
        return true;
      case 'd':
        push_items (Kind::dict, pop_to_mark ());
        return true;
      case 'a':
        add_items (Kind::list, pop_count (1));
        return true;
      case 'e':
        add_items (Kind::list, pop_to_mark ());
        return true;
      case 's':
        add_items (Kind::dict, pop_count (2));
        return true;
      case 'u':
        add_items (Kind::dict, pop_to_mark ());
        return true;
      default:
        return false;
    }
  }

  void
  push_items (Kind kind, std::vector<Index> items)
  {
    if (kind == Kind::dict && items.size () % 2 != 0)
      fail ("a key has no value");
    push (kind).items = std::move (items);
  }

  void
  add_items (Kind kind, const std::vector<Index> & items)
  {
    Node & node = graph_.nodes[top ()];

    if (node.kind != kind)
      fail ("something is put into what is neither a list nor a dict");
    if (kind == Kind::dict && items.size () % 2 != 0)
      fail ("a key has no value");
    node.items.insert (node.items.end (), items.begin (), items.end ());
  }

  bool
  use_memo (unsigned char op)
  {
    switch (op) {
      case 'q':
        memo_[take_unsigned (1)] = top ();
        return true;
      case 'r':
        memo_[take_unsigned (4)] = top ();
        return true;
      case 0x94:
        memo_[memo_.size ()] = top ();
        return true;
      case 'h':
        recall (take_unsigned (1));
        return true;
      case 'j':
        recall (take_unsigned (4));
        return true;
      case 0x80:
        if (take_unsigned (1) > 5)
          fail ("an unknown protocol");
        return true;
      case 0x95:                /* a frame: only says how much to read */
        take (8);
        return true;
      default:
        return false;
    }
  }

  void
  recall (std::uint64_t key)
  {
    const auto found = memo_.find (key);

    if (found == memo_.end ())
      fail ("it refers to what it does not have");
    stack_.push_back (found->second);
  }

  bool
  use_global (unsigned char op)
  {
    switch (op) {
      case 'c': {
        const std::string_view module = take_line ();
        push_global (module, take_line ());
        return true;
      }
      case 0x93: {
        const std::vector<Index> names = pop_count (2);
        const Node & module = graph_[names[0]], & name = graph_[names[1]];
        if (module.kind != Kind::string || name.kind != Kind::string)
          fail ("the name of a class is not a string");
        push_global (std::string (module.text), std::string (name.text));
        return true;
      }
      case 'Q': {
        const Index id = pop ();
        push (Kind::storage).items = {id};
        return true;
      }
      case 'R':
        call ();
        return true;
      case 'b':
        drop_state ();
        return true;
      default:
        return false;
    }
  }

  void
  push_global (std::string_view module, std::string_view name)
  {
    const std::string full = cat (module, ".", name);
    const bool storage = module == "torch" && name.ends_with ("Storage");

    if (!storage && full != rebuild_tensor && full != ordered_dict)
      throw Error (Fault::format, cat ("It holds a pickled object that needs \"",
              full, "\", which is not called: only tensors, numbers, strings, "
              "lists, tuples and dicts are read. Save the tensor itself; a "
              "model is played by the property `model`, as TorchScript"));
    push (Kind::global).text = full;
  }

  void
  call ()
  {
    const std::vector<Index> both = pop_count (2);
    const std::string & function = graph_[both[0]].text;
    const Node & arguments = graph_[both[1]];

    if (graph_[both[0]].kind != Kind::global
        || arguments.kind != Kind::tuple)
      fail ("a call of what is no function");
    if (function == ordered_dict && arguments.items.empty ())
      push (Kind::dict);
    else if (function == rebuild_tensor)
      push (Kind::tensor).items = {both[1]};
    else
      fail (cat ("a call of \"", function, "\""));
  }

  /* The attributes of an OrderedDict (those of a state_dict) say nothing
   * about its tensors. */
  void
  drop_state ()
  {
    pop ();
    if (graph_[top ()].kind != Kind::dict)
      fail ("a state is given to what is no dict");
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  Graph graph_;
  std::vector<Index> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Index> memo_;
};

}

Graph
read (std::string_view bytes)
{
  return Machine (bytes).run ();
}

}
