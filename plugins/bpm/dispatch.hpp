/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

/* An inner loop marked so is compiled for several generations of x86-64 and
 * the loader takes the one that fits; elsewhere it is an ordinary function. */
#ifdef GENAUDIO_BPM_TARGET_CLONES
#define GENAUDIO_BPM_CLONES \
  __attribute__ ((target_clones ("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GENAUDIO_BPM_CLONES
#endif
