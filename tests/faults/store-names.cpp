/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* store-names [COUNT]: hostile job ids, suffixes and templates, made at random
 * from what attackers, file systems and printf() know. Whatever is accepted
 * makes a file strictly below the base directory, as the kernel sees it, of a
 * plain name; nothing else appears anywhere. */

#include "../check/library/store-folder.hpp"

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include <unistd.h>

namespace {

const char *const pieces[] = {
  "..", ".", "/", "//", "../", "/..", "\\", "..\\", "~", "~root", "-", "--",
  "-rf", "$HOME", "`id`", ";", "|", "*", "?", "%s", "%n", "%5000d", "%",
  "{job}", "{suffix}", "{year}", "{month}", "{day}", "{hour}", "{minute}",
  "{second}", "{offset}", "{", "}", "{}", "{nothing}", "{job", "a", "b", "gen_",
  "x.wav", " ", "\t", "\n", "\r", "\x01", "\x7f", "\xc2\x85", "\xff", "\xc0\xae",
  "\xe2\x80\xae", "\xef\xbc\x8f", "\xc3\xbc", "u\xcc\x88", "\xf0\x9f\x8e\xb5",
  "CON", "nul", "COM1", ".part", ".json", ".wav", "etc/passwd", "proc/self/fd",
  "0", "12345678901234567890123456789012345678901234567890123456789012345678",
};

using Random = std::mt19937;

std::string
make_text (Random & random, int most)
{
  const int count = random () % (most + 1);
  std::string text;
  for (int i = 0; i < count; i++)
    text += pieces[random () % G_N_ELEMENTS (pieces)];
  return text;
}

/* Half of the templates have what a template must have. */
std::string
make_template (Random & random)
{
  std::string text = make_text (random, 6);
  if (random () % 2 == 0)
    text += make_text (random, 1) + "{job}" + make_text (random, 1) + "{suffix}";
  return text;
}

/* Makes the file and asks the kernel where it is. */
bool
stays_below (const Folder & folder, GstGenAudioStore * store, const char *path)
{
  GError *error = nullptr;
  GstGenAudioPart *part = gst_genaudio_store_create_part (store, path, &error);
  if (part == nullptr) {
    const bool refused = error->domain == GST_RESOURCE_ERROR;
    g_error_free (error);
    return refused;
  }
  const std::string link =
      "/proc/self/fd/" + std::to_string (gst_genaudio_part_get_fd (part));
  char real[PATH_MAX + 1] = { 0 };
  const bool known = readlink (link.c_str (), real, PATH_MAX) > 0;
  gchar *final_path = nullptr;
  const bool published = gst_genaudio_part_publish (part,
      GST_GENAUDIO_IF_EXISTS_REPLACE, FALSE, nullptr, &final_path, nullptr,
      nullptr);
  gchar *canonical =
      published ? g_canonicalize_filename (final_path, nullptr) : nullptr;
  const std::string top = folder.path + "/";
  const bool below = known && published
      && g_str_has_prefix (real, top.c_str ())
      && strcmp (canonical, final_path) == 0
      && g_str_has_prefix (final_path, top.c_str ())
      && g_file_test (final_path, G_FILE_TEST_IS_REGULAR)
      && unlink (final_path) == 0;
  g_free (canonical);
  g_free (final_path);
  return below;
}

}

int
main (int argc, char **argv)
{
  const int count = argc > 1 ? atoi (argv[1]) : 10000;
  Folder around;
  Folder *inner = new Folder ();
  std::filesystem::remove (inner->path);
  inner->path = around.path + "/one/base";
  std::filesystem::create_directories (inner->path);
  GstGenAudioStore *store = inner->new_store ();
  GDateTime *date = g_date_time_new_utc (2025, 11, 7, 14, 5, 9);
  Random random (7);
  int accepted = 0, failures = 0;

  for (int i = 0; i < count; i++) {
    const std::string job_id = make_text (random, 4);
    const std::string suffix = make_text (random, random () % 2);
    const std::string location_template = random () % 2 != 0
        ? make_template (random) : GST_GENAUDIO_FILING_TEMPLATE;
    GError *error = nullptr;
    gchar *path = gst_genaudio_filing_expand (location_template.c_str (),
        job_id.c_str (), suffix.c_str (), "wav", date, &error);
    if ((path == nullptr) != (error != nullptr)
        || (path != nullptr && !stays_below (*inner, store, path))) {
      printf ("template \"%s\", job \"%s\", suffix \"%s\" made \"%s\"\n",
          location_template.c_str (), job_id.c_str (), suffix.c_str (),
          path != nullptr ? path : "(nothing)");
      failures++;
    }
    accepted += path != nullptr;
    g_clear_error (&error);
    g_free (path);
  }
  if (around.list () != "") {
    printf ("left behind: %s\n", around.list ().c_str ());
    failures++;
  }
  printf ("%d names, %d accepted, %d wrong\n", count, accepted, failures);
  g_date_time_unref (date);
  g_object_unref (store);
  delete inner;
  /* a test that refuses everything would show nothing */
  return failures > 0 || accepted < count / 50;
}
