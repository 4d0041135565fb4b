/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Internal: sidecars, which say where their file is and so change when it
 * moves. */

#pragma once

#include <memory>
#include <string>

namespace genaudio {

/* @text with the member `path`, if it is a JSON object that has one, saying
 * @path. */
std::string sidecar_with_path (const std::string & text,
    const std::string & path);

/* Text of the sidecar of @path, if there is one. */
std::unique_ptr<std::string> read_sidecar (const std::string & path);

/* Writes a new file @name; returns errno, and leaves nothing if it fails. */
int write_sidecar (int dirfd, const std::string & name,
    const std::string & text, bool durable);

}
