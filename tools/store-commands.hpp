/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

/* The commands of the dated store. Each gets its own arguments, argv[0] being
 * the command's name, and returns the exit status of `genaudio`. */

int genaudio_cmd_list (int argc, char **argv);
int genaudio_cmd_stats (int argc, char **argv);
int genaudio_cmd_cleanup (int argc, char **argv);
int genaudio_cmd_path (int argc, char **argv);
int genaudio_cmd_mv (int argc, char **argv);
int genaudio_cmd_cp (int argc, char **argv);
int genaudio_cmd_rm (int argc, char **argv);
int genaudio_cmd_recover (int argc, char **argv);
