/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "plot.hpp"

#include <cairo-svg.h>
#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace genaudio::cli {

namespace {

constexpr double width = 1200, height = 640;
constexpr double left = 64, right = 24, top = 48;
constexpr double wave_height = 200, gap = 28, level_height = 220;
constexpr double level_top = top + wave_height + gap;
constexpr double text_top = level_top + level_height + 44;
/* the range people look at; quieter is drawn at the bottom */
constexpr double loudest = 0, quietest = -48;

struct Colour
{
  double r, g, b;
};

constexpr Colour ink = {.15, .17, .2}, faint = {.87, .88, .9},
    wave_colour = {.35, .55, .75}, momentary_colour = {.75, .78, .82},
    shortterm_colour = {.13, .42, .66}, target_colour = {.8, .25, .2},
    beat_colour = {.9, .6, .25};

struct Surface
{
  void operator () (cairo_surface_t * s) const { cairo_surface_destroy (s); }
};

void
use (cairo_t * cr, const Colour & colour, double line_width = 1)
{
  cairo_set_source_rgb (cr, colour.r, colour.g, colour.b);
  cairo_set_line_width (cr, line_width);
}

void
say (cairo_t * cr, double x, double y, const std::string & text,
    double size = 13, bool align_right = false)
{
  cairo_text_extents_t extents;

  cairo_set_font_size (cr, size);
  cairo_text_extents (cr, text.c_str (), &extents);
  cairo_move_to (cr, align_right ? x - extents.x_advance : x, y);
  cairo_show_text (cr, text.c_str ());
}

class Drawing
{
public:
  Drawing (cairo_t * cr, const Plot & plot) : cr_ (cr), plot_ (plot) { }

  void draw ()
  {
    use (cr_, {1, 1, 1});
    cairo_paint (cr_);
    cairo_select_font_face (cr_, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
        CAIRO_FONT_WEIGHT_NORMAL);
    use (cr_, ink);
    say (cr_, left, 30, plot_.title, 17);
    draw_time_axis ();
    draw_beats ();
    draw_wave ();
    draw_levels ();
    draw_numbers ();
  }

private:
  double x_of (double time) const
  {
    return left + (width - left - right) * time / plot_.duration;
  }

  static double y_of (double loudness)
  {
    const double clamped = std::clamp (loudness, quietest, loudest);
    return level_top + level_height * (loudest - clamped)
        / (loudest - quietest);
  }

  void line (double x1, double y1, double x2, double y2)
  {
    cairo_move_to (cr_, x1, y1);
    cairo_line_to (cr_, x2, y2);
    cairo_stroke (cr_);
  }

  /* At most a dozen round steps. */
  double time_step () const
  {
    for (double step : {.1, .2, .5, 1., 2., 5., 10., 15., 30., 60., 120.,
            300., 600., 1800., 3600.}) {
      if (plot_.duration / step <= 12)
        return step;
    }
    return plot_.duration / 6;
  }

  void draw_time_axis ()
  {
    const double step = time_step ();

    for (double time = 0; time <= plot_.duration; time += step) {
      use (cr_, faint);
      line (x_of (time), top, x_of (time), level_top + level_height);
      char text[32];
      if (step < 1)
        std::snprintf (text, sizeof text, "%.1f s", time);
      else
        std::snprintf (text, sizeof text, "%d:%02d", int (time) / 60,
            int (time) % 60);
      use (cr_, ink);
      say (cr_, x_of (time) + 2, level_top + level_height + 16, text, 11);
    }
  }

  void draw_beats ()
  {
    use (cr_, beat_colour);
    for (double beat : plot_.beats)
      line (x_of (beat), top + wave_height, x_of (beat),
          top + wave_height + gap - 12);
  }

  void draw_wave ()
  {
    const double middle = top + wave_height / 2;
    const std::size_t n = plot_.envelope.size ();

    use (cr_, ink);
    say (cr_, left - 8, top + 10, "1.0", 11, true);
    say (cr_, left - 8, middle + 4, "0", 11, true);
    say (cr_, left - 8, top + wave_height, "-1.0", 11, true);
    use (cr_, wave_colour, std::max (1., (width - left - right)
            / std::max<double> (1, double (n))));
    for (std::size_t i = 0; i < n; i++) {
      const double x = left + (width - left - right) * (double (i) + .5)
          / double (n);
      const double low = std::clamp (plot_.envelope[i].low, -1.f, 1.f);
      const double high = std::clamp (plot_.envelope[i].high, -1.f, 1.f);
      line (x, middle - high * wave_height / 2,
          x, middle - low * wave_height / 2 + .5);
    }
  }

  void draw_curve (double Plot::Level::*member)
  {
    bool pen_down = false;

    for (const Plot::Level & level : plot_.levels) {
      const double loudness = level.*member;
      if (!std::isfinite (loudness)) {
        pen_down = false;
        continue;
      }
      if (pen_down)
        cairo_line_to (cr_, x_of (level.time), y_of (loudness));
      else
        cairo_move_to (cr_, x_of (level.time), y_of (loudness));
      pen_down = true;
    }
    cairo_stroke (cr_);
  }

  void draw_levels ()
  {
    for (int loudness = int (loudest); loudness >= quietest; loudness -= 12) {
      use (cr_, faint);
      line (left, y_of (loudness), width - right, y_of (loudness));
      use (cr_, ink);
      say (cr_, left - 8, y_of (loudness) + 4, std::to_string (loudness), 11,
          true);
    }
    use (cr_, momentary_colour, 1.2);
    draw_curve (&Plot::Level::momentary);
    use (cr_, shortterm_colour, 2);
    draw_curve (&Plot::Level::shortterm);
    use (cr_, target_colour, 1.5);
    const double dashes[] = { 6, 4 };
    cairo_set_dash (cr_, dashes, 2, 0);
    line (left, y_of (plot_.target), width - right, y_of (plot_.target));
    cairo_set_dash (cr_, nullptr, 0, 0);
    draw_legend ();
  }

  void draw_legend ()
  {
    char target[48];
    std::snprintf (target, sizeof target, "target %g LUFS", plot_.target);
    const std::pair<std::string, Colour> entries[] = {
      {target, target_colour}, {"short-term (3 s)", shortterm_colour},
      {"momentary (400 ms)", momentary_colour}, {"beats", beat_colour},
    };
    double x = width - right;
    for (const auto & [name, colour] : entries) {
      if (name == "beats" && plot_.beats.empty ())
        continue;
      cairo_text_extents_t extents;
      cairo_set_font_size (cr_, 12);
      cairo_text_extents (cr_, name.c_str (), &extents);
      x -= extents.x_advance;
      use (cr_, ink);
      say (cr_, x, 30, name, 12);
      use (cr_, colour, 3);
      line (x - 22, 26, x - 6, 26);
      x -= 40;
    }
  }

  void draw_numbers ()
  {
    constexpr int columns = 4;
    const double column = (width - left - right) / columns;
    int i = 0;

    use (cr_, ink);
    for (const auto & [name, value] : plot_.numbers) {
      const double x = left + column * (i % columns);
      const double y = text_top + 24 * (i / columns);
      use (cr_, {.45, .48, .52});
      say (cr_, x, y, name, 12);
      use (cr_, ink);
      say (cr_, x + 110, y, value, 13);
      i++;
    }
  }

  cairo_t *cr_;
  const Plot &plot_;
};

}

void
Plot::write (const std::string & path) const
{
  const bool svg = path.size () > 4
      && path.compare (path.size () - 4, 4, ".svg") == 0;
  const bool png = path.size () > 4
      && path.compare (path.size () - 4, 4, ".png") == 0;
  if (!svg && !png)
    throw std::runtime_error ("a plot is a .png or a .svg, not " + path);
  if (!(duration > 0))
    throw std::runtime_error ("there is nothing to plot");

  std::unique_ptr<cairo_surface_t, Surface> surface (svg
      ? cairo_svg_surface_create (path.c_str (), width, height)
      : cairo_image_surface_create (CAIRO_FORMAT_RGB24, int (width),
          int (height)));
  cairo_t *cr = cairo_create (surface.get ());
  Drawing (cr, *this).draw ();
  cairo_status_t status = cairo_status (cr);
  cairo_destroy (cr);
  if (status == CAIRO_STATUS_SUCCESS && png)
    status = cairo_surface_write_to_png (surface.get (), path.c_str ());
  cairo_surface_finish (surface.get ());
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (surface.get ());
  if (status != CAIRO_STATUS_SUCCESS)
    throw std::runtime_error ("cannot write " + path + ": "
        + cairo_status_to_string (status));
}

}
