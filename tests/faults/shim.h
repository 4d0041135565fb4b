/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

/* A disk that fails on command. The functions of shim.c take the place of the
 * C library's for the whole program, libraries included, since the program
 * exports them. */

#ifdef __cplusplus
extern "C" {
#endif

enum ShimOperation
{
  SHIM_OPEN,                    /* making a file */
  SHIM_WRITE,
  SHIM_SYNC,
  SHIM_MKDIR,
  SHIM_RENAME_NO_REPLACE,
  SHIM_RENAME,
  SHIM_LINK,
  SHIM_UNLINK,
  SHIM_OPERATIONS
};

/* From now on, below @folder, each operation in the bit mask @operations
 * fails with @errnum: the @nth (from 1) and, if @for_good, all after it. */
void shim_arm (const char *folder, unsigned operations, int nth, int errnum,
    int for_good);

/* Lets everything through again; returns how many operations there were. */
int shim_disarm (void);

#ifdef __cplusplus
}
#endif
