/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-exporter-pool.hpp"

#include <cstring>
#include <iterator>
#include <string>
#include <utility>

namespace genaudio {

namespace {

GParamSpec *
make_spec (const Property & p)
{
  const auto flags = static_cast<GParamFlags> (
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);

  if (p.type == G_TYPE_BOOLEAN)
    return g_param_spec_boolean (p.name, nullptr, p.blurb, p.fallback != 0,
        flags);
  if (p.type == G_TYPE_DOUBLE)
    return g_param_spec_double (p.name, nullptr, p.blurb, p.minimum,
        p.maximum, p.fallback, flags);
  return g_param_spec_string (p.name, nullptr, p.blurb, p.fallback_text,
      flags);
}

}

void
install_properties (GObjectClass * klass, std::span<const Property> properties)
{
  guint id = 1;

  for (const Property & p : properties)
    g_object_class_install_property (klass, id++, make_spec (p));
}

void
Pool::set (guint id, const GValue * value)
{
  {
    std::lock_guard lock (mutex);
    values.erase (id);
    /* a string is taken back by NULL */
    if (!G_VALUE_HOLDS_STRING (value) || g_value_get_string (value) != nullptr)
      values.emplace (id, value);
  }
  invalidate ();
}

bool
Pool::get (guint id, GValue * value) const
{
  std::lock_guard lock (mutex);
  const auto found = values.find (id);

  if (found == values.end ())
    return false;
  g_value_copy (found->second.get (), value);
  return true;
}

/* With the lock held. @property is found, the value only if it was set. */
const GValue *
Pool::find (const char *name, const Property * & property) const
{
  guint id = 1;

  for (const Property & p : properties) {
    if (strcmp (p.name, name) == 0) {
      const auto found = values.find (id);
      property = &p;
      return found != values.end () ? found->second.get () : nullptr;
    }
    id++;
  }
  return nullptr;
}

bool
Pool::is_enabled (const char *name) const
{
  std::lock_guard lock (mutex);
  const Property *property = nullptr;
  const GValue *value = find (name, property);

  if (value != nullptr)
    return g_value_get_boolean (value) != FALSE;
  return property != nullptr && property->fallback != 0;
}

std::string
Pool::get_text (const char *name) const
{
  std::lock_guard lock (mutex);
  const Property *property = nullptr;
  const GValue *value = find (name, property);

  if (value != nullptr)
    return g_value_get_string (value);
  return property != nullptr && property->fallback_text != nullptr
      ? property->fallback_text : "";
}

void
Pool::invalidate ()
{
  std::vector<std::unique_ptr<Pipeline>> outdated;
  std::lock_guard lock (mutex);

  generation++;
  std::swap (outdated, idle);
}

std::unique_ptr<Pipeline>
Pool::take (const Pipeline::Shape & shape, std::vector<Setting> & settings,
    guint & generation)
{
  std::lock_guard lock (mutex);

  generation = this->generation;
  for (auto at = idle.begin (); at != idle.end (); at++) {
    if ((*at)->get_shape () != shape)
      continue;
    std::unique_ptr<Pipeline> pipeline = std::move (*at);
    idle.erase (at);
    return pipeline;
  }
  for (const auto & [id, value] : values) {
    const Property & p = properties[id - 1];
    if (p.element_property == nullptr)
      continue;
    settings.push_back ({p.role, p.element_property, G_VALUE_INIT});
    g_value_init (&settings.back ().value, G_VALUE_TYPE (value.get ()));
    g_value_copy (value.get (), &settings.back ().value);
  }
  return nullptr;
}

void
Pool::give (std::unique_ptr<Pipeline> pipeline, guint generation)
{
  std::lock_guard lock (mutex);

  if (generation == this->generation)
    idle.push_back (std::move (pipeline));
}

Lease::Lease (Pool & pool, const Pipeline::Shape & shape) :
  pool (pool)
{
  std::vector<Setting> settings;
  auto clear = [&settings] () {
    for (Setting & s : settings)
      g_value_unset (&s.value);
  };

  pipeline = pool.take (shape, settings, generation);
  if (pipeline != nullptr)
    return;
  try {
    pipeline = std::make_unique<Pipeline> (shape, settings);
  } catch (...) {
    clear ();
    throw;
  }
  clear ();
}

Lease::~Lease ()
{
  if (pipeline != nullptr && pipeline->is_reusable ())
    pool.give (std::move (pipeline), generation);
}

void
check_tensor (const GstGenAudioJob & job)
{
  if (job.tensor == nullptr)
    return;
  if (job.rate < 1)
    throw Failure (GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
        "Sample rate is " + std::to_string (job.rate)
        + ", expected at least 1 Hz");
  if (job.tensor->entries () > 1)
    throw Failure (GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE,
        "Invalid audio dimensions: a batch of "
        + std::to_string (job.tensor->entries ()) + " items, expected one");
}

}
