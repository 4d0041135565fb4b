/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <variant>

/* How the store's commands speak: lines that fit a terminal, or JSON. */

/* "12.3 MiB" in ten columns at most. */
std::string format_size (guint64 bytes);

/* Reads "500", "10K", "1.5G" (powers of 1024). */
bool parse_size (const char *text, guint64 & bytes);

/* "3 files", "1 file" */
std::string format_count (guint64 count, const char *noun);

/* Fit for standard output: on a terminal no control characters, and cut in
 * the middle to the columns that @used others leave. */
std::string format_path (const std::string & path, int used);

using JsonValue = std::variant<std::nullptr_t, bool, gint64, std::string>;

/* One JSON object and a line's end on standard output. */
void print_json (std::initializer_list<std::pair<const char *, JsonValue>> members);

/* A line on standard error that the next one writes over, a few times a
 * second and only on a terminal; an empty one ends it. */
void print_progress (const std::string & text);
