/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "itemsource.hpp"

namespace genaudio {

const char *
rate_source_name (RateSource source)
{
  switch (source) {
    case RateSource::property:
      return "property";
    case RateSource::file:
      return "file";
    case RateSource::given:
      return "given";
    case RateSource::standard:
      break;
  }
  return "default";
}

}
