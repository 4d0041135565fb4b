/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "genaudio-exporter-pipeline.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace genaudio {

/* A property of exporter or analyser that is one of an element's. */
struct Property
{
  const char *name;
  GType type;
  Role role;
  const char *element_property;
  double minimum, maximum, fallback;
  const char *fallback_text;
  const char *blurb;
};

/* Installs @properties with ids from 1 on. */
void install_properties (GObjectClass * klass,
    std::span<const Property> properties);

/* A GValue that is copied and unset as other values are. */
class Value
{
public:
  explicit Value (const GValue * from)
  {
    g_value_init (&value, G_VALUE_TYPE (from));
    g_value_copy (from, &value);
  }
  Value (const Value & other) : Value (&other.value) {}
  Value & operator= (const Value &) = delete;
  ~Value () { g_value_unset (&value); }

  const GValue *get () const { return &value; }

private:
  GValue value = G_VALUE_INIT;
};

/* The properties that were set, and the idle pipelines that were made with
 * them. Any number of threads may lease a pipeline at once; each gets its
 * own. The lock is never held while a pipeline is built or runs. */
class Pool
{
public:
  explicit Pool (std::span<const Property> properties) :
    properties (properties)
  {
  }

  bool has (guint id) const { return id >= 1 && id <= properties.size (); }
  void set (guint id, const GValue * value);
  /* Whether it was set. */
  bool get (guint id, GValue * value) const;
  bool is_enabled (const char *name) const;
  /* What a string property is, or would be. */
  std::string get_text (const char *name) const;
  /* Something that is not of an element has changed. */
  void invalidate ();

private:
  friend class Lease;
  std::unique_ptr<Pipeline> take (const Pipeline::Shape & shape,
      std::vector<Setting> & settings, guint & generation);
  void give (std::unique_ptr<Pipeline> pipeline, guint generation);

  const GValue *find (const char *name, const Property * & property) const;

  mutable std::mutex mutex;
  std::span<const Property> properties;
  std::map<guint, Value> values;
  guint generation = 0;     /* changes with the properties */
  std::vector<std::unique_ptr<Pipeline>> idle;
};

/* A pipeline out of the pool, which goes back there, unless the properties
 * have changed since or it is not fit any more. */
class Lease
{
public:
  Lease (Pool & pool, const Pipeline::Shape & shape);
  ~Lease ();
  Lease (const Lease &) = delete;
  Lease & operator= (const Lease &) = delete;

  Pipeline *operator-> () { return pipeline.get (); }

private:
  Pool & pool;
  guint generation = 0;
  std::unique_ptr<Pipeline> pipeline;
};

/* Throws Failure if @job's tensor is not one item of a known rate. */
void check_tensor (const GstGenAudioJob & job);

}
