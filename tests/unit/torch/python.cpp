/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Files written by the real PyTorch and NumPy, by make-files.py, play as
 * PyTorch says they should. */

#include "error.hpp"
#include "file.hpp"
#include "layout.hpp"
#include "samplereader.hpp"
#include "tensorfile.hpp"

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <glib.h>
#include <glib/gstdio.h>
#include <sys/wait.h>

using namespace genaudio;

static std::string folder;

static std::vector<std::vector<std::string>>
read_lines (const char *name)
{
  std::vector<std::vector<std::string>> lines;
  gchar *text = nullptr;

  g_assert_true (g_file_get_contents ((folder + "/" + name).c_str (), &text,
          nullptr, nullptr));
  gchar **rows = g_strsplit (text, "\n", -1);
  for (gchar **row = rows; **row != '\0'; row++) {
    gchar **cells = g_strsplit (*row, "|", -1);
    lines.emplace_back ();
    for (gchar **cell = cells; *cell != nullptr; cell++)
      lines.back ().push_back (*cell);
    g_strfreev (cells);
  }
  g_strfreev (rows);
  g_free (text);
  return lines;
}

static std::vector<double>
read_raw (const std::string & name)
{
  gchar *bytes = nullptr;
  gsize size = 0;

  g_assert_true (g_file_get_contents ((folder + "/" + name).c_str (), &bytes,
          &size, nullptr));
  std::vector<double> samples (size / sizeof (double));
  memcpy (samples.data (), bytes, size);
  g_free (bytes);
  return samples;
}

static std::vector<double>
play (const File & file, const AudioView & view)
{
  SampleReader reader (file, view, NonFinite::error);
  std::vector<double> samples (view.channels * view.frames);

  if (needs_double (view.dtype)) {
    reader.read (0, view.frames, samples.data ());
  } else {
    std::vector<float> floats (samples.size ());
    reader.read (0, view.frames, floats.data ());
    samples.assign (floats.begin (), floats.end ());
  }
  return samples;
}

static void
check_case (const std::vector<std::string> & cells)
{
  const File file (folder + "/" + cells[0]);
  const Contents contents = read_tensor_file (file);
  const Tensor & tensor = select_tensor (contents, cells[1]);
  const Layout layout =
      cells[2] == "auto" ? Layout::automatic : Layout::channels_first;
  const AudioView view = view_as_audio (tensor, layout)
      .entry (std::strtoul (cells[3].c_str (), nullptr, 10));
  const std::vector<double> expected =
      read_raw (cells[0] + "." + cells[3] + ".raw");
  const std::vector<double> samples = play (file, view);

  g_assert_cmpuint (view.channels, ==, strtoul (cells[4].c_str (), nullptr,
          10));
  g_assert_cmpint (find_rate (contents, tensor).value_or (0), ==,
      atoi (cells[5].c_str ()));
  g_assert_cmpuint (samples.size (), ==, expected.size ());
  for (std::size_t i = 0; i < samples.size (); i++) {
    if (samples[i] != expected[i])
      g_error ("%s: sample %zu is %g, not %g", cells[0].c_str (), i,
          samples[i], expected[i]);
  }
}

static void
test_played ()
{
  const auto lines = read_lines ("cases");

  g_assert_cmpuint (lines.size (), >, 100);
  for (const auto & cells : lines)
    check_case (cells);
}

static void
test_refused ()
{
  for (const auto & cells : read_lines ("refused")) {
    try {
      const File file (folder + "/" + cells[0]);
      const Contents contents = read_tensor_file (file);
      view_as_audio (select_tensor (contents, ""), Layout::automatic);
      g_error ("%s was accepted", cells[0].c_str ());
    } catch (const Error & error) {
      if (strstr (error.what (), cells[1].c_str ()) == nullptr)
        g_error ("%s: \"%s\" does not say \"%s\"", cells[0].c_str (),
            error.what (), cells[1].c_str ());
    }
  }
  g_assert_false (g_file_test ((folder + "/owned").c_str (),
          G_FILE_TEST_EXISTS));
}

static void
remove_folder ()
{
  GDir *dir = g_dir_open (folder.c_str (), 0, nullptr);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != nullptr)
    g_unlink ((folder + "/" + name).c_str ());
  g_dir_close (dir);
  g_rmdir (folder.c_str ());
}

/* Debian's PyTorch belongs to Debian's Python, whatever else is in PATH. */
static int
make_files (std::string & why)
{
  const std::string script = std::string (g_getenv ("GENAUDIO_SOURCE_DIR"))
      + "/tests/unit/torch/make-files.py";
  const char *python = g_file_test ("/usr/bin/python3",
      G_FILE_TEST_IS_EXECUTABLE) ? "/usr/bin/python3" : "python3";
  const gchar *argv[] = {python, script.c_str (), folder.c_str (), nullptr};
  gchar *errors = nullptr;
  gint status = 0;
  GError *error = nullptr;

  if (!g_spawn_sync (nullptr, const_cast<gchar **> (argv), nullptr,
          G_SPAWN_SEARCH_PATH, nullptr, nullptr, nullptr, &errors, &status,
          &error)) {
    why = error->message;
    g_error_free (error);
    return 77;
  }
  why = errors;
  g_free (errors);
  return WIFEXITED (status) ? WEXITSTATUS (status) : 1;
}

int
main (int argc, char *argv[])
{
  std::string why;

  g_test_init (&argc, &argv, nullptr);
  gchar *path = g_dir_make_tmp ("torch-python-XXXXXX", nullptr);
  folder = path;
  g_free (path);
  const int made = make_files (why);
  if (made == 77) {
    remove_folder ();
    g_print ("1..0 # SKIP PyTorch for Python is not there: %s\n",
        why.c_str ());
    return 0;
  }
  if (made != 0)
    g_error ("make-files.py failed: %s", why.c_str ());

  g_test_add_func ("/python/played", test_played);
  g_test_add_func ("/python/refused", test_refused);
  const int result = g_test_run ();
  remove_folder ();
  return result;
}
