/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/genaudio/genaudio.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

/* A temporary folder for one test. */
struct Folder
{
  std::string path;

  Folder ()
  {
    gchar *made = g_dir_make_tmp ("genaudio-store-XXXXXX", nullptr);
    g_assert_nonnull (made);
    path = made;
    g_free (made);
  }
  ~Folder () { std::filesystem::remove_all (path); }

  GstGenAudioStore *new_store () const
  {
    GstGenAudioStore *store =
        gst_genaudio_store_new (path.c_str (), "utc", nullptr);
    g_assert_nonnull (store);
    return store;
  }

  /* Every file in it, sorted; the random word of parts is a star. */
  std::string list () const
  {
    std::vector<std::string> names;
    for (const auto & entry :
        std::filesystem::recursive_directory_iterator (path)) {
      if (entry.is_directory ())
        continue;
      std::string name = entry.path ().string ().substr (path.size () + 1);
      if (g_str_has_suffix (name.c_str (), ".part"))
        name.replace (name.size () - 13, 8, "*");
      names.push_back (name);
    }
    std::sort (names.begin (), names.end ());
    std::string text;
    for (const std::string & name : names)
      text += (text.empty () ? "" : " ") + name;
    return text;
  }

  std::string read (const std::string & name) const
  {
    gchar *text = nullptr;
    gsize length = 0;
    g_file_get_contents ((path + "/" + name).c_str (), &text, &length, nullptr);
    const std::string found (text != nullptr ? text : "", length);
    g_free (text);
    return found;
  }

  void write (const std::string & name, const std::string & text) const
  {
    const std::string full = path + "/" + name;
    std::filesystem::create_directories
        (std::filesystem::path (full).parent_path ());
    /* g_file_set_contents() would wait for the disk */
    FILE *file = fopen (full.c_str (), "w");
    g_assert_nonnull (file);
    g_assert_cmpuint (fwrite (text.data (), 1, text.size (), file), ==,
        text.size ());
    fclose (file);
  }

  /* Makes a file of @size bytes, last changed at @when (ISO 8601, UTC). */
  void make (const std::string & name, const char *when, int size = 1) const
  {
    write (name, std::string (size, 'x'));
    touch (name, when);
  }

  void touch (const std::string & name, const char *when) const
  {
    GTimeZone *zone = g_time_zone_new_utc ();
    GDateTime *date = g_date_time_new_from_iso8601 (when, zone);
    g_assert_nonnull (date);
    const time_t seconds = g_date_time_to_unix (date);
    const struct timespec times[2] = { {seconds, 0}, {seconds, 0} };
    g_assert_cmpint (utimensat (AT_FDCWD, (path + "/" + name).c_str (), times,
            0), ==, 0);
    g_date_time_unref (date);
    g_time_zone_unref (zone);
  }
};
