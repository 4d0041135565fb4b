/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

/* The commands that run pipelines. Each gets its own arguments, argv[0] being
 * the command's name, and returns the exit status of `genaudio`. */

int genaudio_cmd_export (int argc, char **argv);
int genaudio_cmd_analyze (int argc, char **argv);
int genaudio_cmd_normalize (int argc, char **argv);
int genaudio_cmd_info (int argc, char **argv);
