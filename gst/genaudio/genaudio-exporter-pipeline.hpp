/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "genaudio-job.hpp"
#include "genaudio-result.h"

#include <gio/gio.h>

#include <memory>
#include <string>
#include <vector>

namespace genaudio {

/* A GError on its way up as an exception. */
class Failure
{
public:
  Failure (GQuark domain, int code, const std::string & message);
  explicit Failure (GError *error) : held (error) {} /* (transfer full) */
  Failure (const Failure & other) : held (g_error_copy (other.held)) {}
  Failure & operator= (const Failure &) = delete;
  ~Failure () { g_error_free (held); }

  const GError *error () const { return held; }

private:
  GError *held;
};

struct ResultDeleter
{
  void operator() (GstGenAudioResult * result)
  {
    gst_genaudio_result_free (result);
  }
};
using ResultPtr = std::unique_ptr<GstGenAudioResult, ResultDeleter>;

struct ObjectDeleter
{
  void operator() (gpointer object) { gst_object_unref (object); }
};
template <typename T>
using ObjectPtr = std::unique_ptr<T, ObjectDeleter>;

/* Which element a setting is of. */
enum class Role
{
  source, normalizer, analyzer, sink,
};

struct Setting
{
  Role role;
  const char *property;
  GValue value; /* a string sets any property by its serialised value */
};

/* What a run tells while it goes. */
class Observer
{
public:
  virtual ~Observer () = default;
  virtual void message (GstMessage * message) = 0;
  virtual void fraction (double fraction) = 0;
  /* Whether anybody listens to fraction(). */
  virtual bool wants_fraction () = 0;
};

class Collector;
struct Output;

/* A pipeline that can be run again and again, one item (or tensor file) a
 * run. Tensors in memory and in files come by the same one. */
class Pipeline
{
public:
  enum class Source
  {
    tensor, audio_file,
  };

  struct Shape
  {
    Source source = Source::tensor;
    bool normalizer = true;
    bool analyzer = true;
    bool writes = true;         /* else it only measures */
    bool converts = true;       /* to what the file's format can hold */
    std::string filter;
    std::string decoder;        /* of an audio file; empty: find one */
    int output_rate = 0;

    bool operator== (const Shape &) const = default;
  };

  Pipeline (const Shape & shape, const std::vector<Setting> & settings);
  ~Pipeline ();
  Pipeline (const Pipeline &) = delete;
  Pipeline & operator= (const Pipeline &) = delete;

  const Shape & get_shape () const { return shape; }

  /* Returns the results of the items of @job, at least one; failures are in
   * them. */
  std::vector<ResultPtr> run (const GstGenAudioJob & job,
      GCancellable * cancellable, Observer & observer);

  /* Whether the last run left it as it was, fit for another. */
  bool is_reusable () const { return reusable; }

private:
  struct Push;

  GstElement *add (const char *factory, const char *name);
  void add_chain ();
  void set (Role role, const char *property, const char *text);
  bool has_nick (const char *property, const char *nick) const;
  void remember (Role role, const char *property);
  void restore ();
  GstElement *element (Role role) const;
  Output prepare_output (const GstGenAudioJob & job);
  void prepare_source (const GstGenAudioJob & job, const Output & output,
      Push & push);
  void release_source ();
  void stop ();
  Failure failure_of (GstMessage * message) const;
  void fail_to_start ();
  void wait (Collector & collector, Observer & observer);
  void report_fraction (Observer & observer);

  void add_decoder ();
  void add_decodebin ();
  void read_caps (GstGenAudioResult * result);

  static void need_data (GstElement * source, guint length, gpointer data);
  static void pad_added (GstElement * decoder, GstPad * pad, gpointer data);
  static void no_more_pads (GstElement * decoder, gpointer data);

  struct Remembered
  {
    Role role;
    const char *property;
    GValue value;
  };

  Shape shape;
  ObjectPtr<GstElement> pipeline;
  ObjectPtr<GstBus> bus;
  GstElement *source = nullptr;     /* the pipeline's */
  GstElement *normalizer = nullptr;
  GstElement *analyzer = nullptr;
  GstElement *sink = nullptr;
  GstElement *last = nullptr;
  std::vector<Remembered> remembered;
  bool remembered_normalizer = false;
  gulong need_data_id = 0;          /* where a tensor is to be pushed */
  std::vector<gulong> probes;       /* on the source's pad, for the run */
  bool reusable = true;
};

bool have_factory (const char *factory);
/* Whether @factory is there, but takes no audio of @rate (0 = any). */
bool factory_refuses_rate (const char *factory, int rate);

}
