/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* store-disk: a disk that is full, fails or refuses, at every single write,
 * sync, rename and folder of a publication, and of a recording by datedsink
 * where that is built. Each time: either the file is there, whole, or one
 * error of the right code says why not, no file has the final name, what was
 * there before is intact, and recovery can use what was kept. */

#include "../check/library/store-folder.hpp"
#include "shim.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include <unistd.h>

namespace {

constexpr unsigned
bit (ShimOperation operation)
{
  return 1u << operation;
}

constexpr char sidecar[] = "{\"job_id\": \"a\"}";
constexpr char earlier_path[] = "2025/11/07/earlier.wav";
constexpr char final_path[] = "2025/11/08/a.wav";
constexpr char sidecar_path[] = "2025/11/08/a.wav.json";

int failures = 0;

void
expect (bool ok, const char *what, const std::string & when)
{
  if (ok)
    return;
  printf ("%s: not %s\n", when.c_str (), what);
  failures++;
}

std::string
audio ()
{
  std::string text;
  for (int i = 0; i < 30000; i++)
    text += (char) (i * 7);
  return text;
}

int
expected_code (int errnum, const GError * error)
{
  switch (errnum) {
    case ENOSPC:
    case EDQUOT:
      return GST_RESOURCE_ERROR_NO_SPACE_LEFT;
    case EACCES:
    case EROFS:
      return GST_RESOURCE_ERROR_NOT_AUTHORIZED;
    default:
      return error->code == GST_RESOURCE_ERROR_OPEN_WRITE
          ? GST_RESOURCE_ERROR_OPEN_WRITE : GST_RESOURCE_ERROR_WRITE;
  }
}

/* What a writer does; a failed part is kept. */
bool
write_and_publish (GstGenAudioStore * store, GstGenAudioIfExists if_exists,
    GError ** error)
{
  GstGenAudioPart *part =
      gst_genaudio_store_create_part (store, final_path, error);
  if (part == nullptr)
    return false;

  const std::string text = audio ();
  const int fd = gst_genaudio_part_get_fd (part);
  bool ok = true;
  for (gsize at = 0; ok && at < text.size (); at += 10000) {
    if (write (fd, text.data () + at, 10000) != 10000) {
      gst_genaudio_set_errno_error (error, errno, GST_RESOURCE_ERROR_WRITE,
          "Could not write");
      ok = false;
    }
  }
  ok = ok && gst_genaudio_part_publish (part, if_exists, TRUE, sidecar,
      nullptr, nullptr, error);
  if (!ok)
    g_free (gst_genaudio_part_keep (part));
  return ok;
}

/* One publication with the @nth of these operations failing. Returns how many
 * there were. */
int
try_publication (unsigned operations, int nth, int errnum, bool for_good,
    const std::string & when)
{
  Folder folder;
  GError *error = nullptr;
  GstGenAudioStore *store = folder.new_store ();
  folder.write (earlier_path, "earlier");

  shim_arm (folder.path.c_str (), operations, nth, errnum, for_good);
  const bool ok = write_and_publish (store, GST_GENAUDIO_IF_EXISTS_ERROR,
      &error);
  const int count = shim_disarm ();

  if (ok) {
    expect (folder.read (final_path) == audio (), "whole", when);
    expect (folder.read (sidecar_path) == sidecar, "with its sidecar", when);
  } else {
    const std::string said = error != nullptr ? error->message : "";
    expect (error != nullptr && error->domain == GST_RESOURCE_ERROR
        && error->code == expected_code (errnum, error), "the right error",
        when + said);
    /* what fails after the last rename can be too broken to take it back */
    if (said.find ("is published, but") != std::string::npos)
      expect (folder.read (final_path) == audio (), "whole", when);
    else
      expect (folder.list ().find (final_path) == std::string::npos, "absent",
          when);
  }
  expect (folder.read (earlier_path) == "earlier", "intact", when);
  g_clear_error (&error);
  g_object_unref (store);
  return count;
}

void
fail_everywhere ()
{
  static const struct
  {
    const char *name;
    unsigned operations;
  } targets[] = {
    {"write", bit (SHIM_WRITE)},
    {"sync", bit (SHIM_SYNC)},
    {"open", bit (SHIM_OPEN)},
    {"mkdir", bit (SHIM_MKDIR)},
    {"rename", bit (SHIM_RENAME_NO_REPLACE) | bit (SHIM_RENAME)},
    {"any", bit (SHIM_WRITE) | bit (SHIM_SYNC) | bit (SHIM_OPEN)
          | bit (SHIM_MKDIR) | bit (SHIM_RENAME_NO_REPLACE)
          | bit (SHIM_RENAME)},
  };
  int tries = 0;

  for (const auto & target : targets) {
    for (const int errnum : { ENOSPC, EDQUOT, EIO, EROFS, EACCES }) {
      for (const bool for_good : { false, true }) {
        /* until there are not so many of them */
        int nth = 0, count;
        do {
          nth++;
          tries++;
          count = try_publication (target.operations, nth, errnum, for_good,
              std::string (target.name) + " " + std::to_string (nth) + " "
              + strerror (errnum) + (for_good ? " and all after: " : ": "));
        } while (count >= nth);
      }
    }
  }
  printf ("%d publications on failing disks\n", tries);
  expect (tries > 200, "that many", "tries");
}

/* File systems that do not know a rename that never replaces, nor links. */
void
refuse_renames ()
{
  for (const int errnum : { EINVAL, ENOTSUP, ENOSYS }) {
    for (const unsigned refused : { bit (SHIM_RENAME_NO_REPLACE),
            bit (SHIM_RENAME_NO_REPLACE) | bit (SHIM_LINK) }) {
      const std::string when = std::string ("rename refused with ")
          + strerror (errnum) + (refused & bit (SHIM_LINK) ? ", links too" : "");
      Folder folder;
      GError *error = nullptr;
      GstGenAudioStore *store = folder.new_store ();

      shim_arm (folder.path.c_str (), refused, 1, errnum, 1);
      expect (write_and_publish (store, GST_GENAUDIO_IF_EXISTS_ERROR, &error),
          "published", when);
      expect (folder.list () == std::string (final_path) + " " + sidecar_path,
          "alone", when);
      expect (!write_and_publish (store, GST_GENAUDIO_IF_EXISTS_ERROR, &error)
          && error != nullptr, "refused the second time", when);
      g_clear_error (&error);
      expect (write_and_publish (store, GST_GENAUDIO_IF_EXISTS_SUFFIX,
              &error), "numbered the third time", when);
      expect (shim_disarm () >= 3, "what was refused", when);
      expect (folder.read (final_path) == audio (), "whole", when);
      expect (folder.read ("2025/11/08/a-1.wav") == audio (), "whole", when);
      g_clear_error (&error);
      g_object_unref (store);
    }
  }
}

/* Plays a short recording into @folder; the error's code, -1 for none. */
int
record (const Folder & folder)
{
  const std::string line = "audiotestsrc num-buffers=20 ! datedsink "
      "job-id=a date=2025-11-08 timezone=utc base-dir=" + folder.path;
  GstElement *pipeline = gst_parse_launch (line.c_str (), nullptr);
  GstBus *bus = gst_element_get_bus (pipeline);
  int code = -1;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      (GstMessageType) (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  if (message == nullptr) {
    code = -2;
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    GError *error;
    gst_message_parse_error (message, &error, nullptr);
    code = error->domain == GST_RESOURCE_ERROR ? error->code : -3;
    g_error_free (error);
  }
  g_clear_pointer (&message, gst_message_unref);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
  return code;
}

int
try_recording (int nth, int errnum, int code, int step)
{
  const std::string when = "recording, write " + std::to_string (nth) + " "
      + strerror (errnum) + ": ";
  Folder folder;
  folder.write (earlier_path, "earlier");

  shim_arm (folder.path.c_str (), bit (SHIM_WRITE), nth, errnum, 1);
  const int found = record (folder);
  const int count = shim_disarm ();
  if (nth <= count) {
    expect (found == code, "the right error", when + std::to_string (found));
    expect (folder.list ().find (final_path) == std::string::npos, "absent",
        when);
  } else {
    expect (found == -1, "without error", when + std::to_string (found));
  }
  expect (folder.read (earlier_path) == "earlier", "intact", when);
  return nth > count ? 0 : nth + step;
}

void
fail_recordings (int step)
{
  GstElementFactory *factory = gst_element_factory_find ("datedsink");
  if (factory == nullptr) {
    puts ("datedsink is not built");
    return;
  }
  gst_object_unref (factory);
  int tries = 0;
  for (int nth = 1; nth != 0; tries++)
    nth = try_recording (nth, ENOSPC, GST_RESOURCE_ERROR_NO_SPACE_LEFT, step);
  for (int nth = 1; nth != 0; tries++)
    nth = try_recording (nth, EIO, GST_RESOURCE_ERROR_WRITE, step);
  printf ("%d recordings on failing disks\n", tries);
  expect (tries > 4, "that many", "tries");
}

}

/* store-disk [STEP]: recordings fail at every STEP-th write (default 1). */
int
main (int argc, char **argv)
{
  gst_init (nullptr, nullptr);
  fail_everywhere ();
  refuse_renames ();
  fail_recordings (argc > 1 ? atoi (argv[1]) : 1);
  return failures > 0;
}
