//! Charts as SVG. Their only words are dates and numbers; titles and legends are those of the page.

use plotters::prelude::{
    ChartBuilder, Color as _, IntoDrawingArea as _, LineSeries, RGBColor, Rectangle, SVGBackend,
};
use plotters::style::{IntoFont as _, TextStyle};

use super::briefing::BriefingDay;

/// In the units of the drawing; the page scales it.
const SIZE: (u32, u32) = (720, 200);
/// Between light and dark, so that they are seen on both.
const ANSWERED: RGBColor = RGBColor(63, 143, 87);
const OPEN: RGBColor = RGBColor(205, 140, 30);
const MESSAGES: RGBColor = RGBColor(63, 143, 87);
const AXIS: RGBColor = RGBColor(128, 133, 120);
const FONT_SIZE: u32 = 13;
/// Dates below the chart at most.
const DATES: usize = 8;

/// A bar for each day: answered questions, and above them the open ones.
pub(crate) fn question_chart(days: &[BriefingDay]) -> String {
    let highest = days.iter().map(|day| day.asked).max().unwrap_or_default();
    draw(days, highest, |chart| {
        let bar = |at: usize, from: u64, to: u64, colour: RGBColor| {
            Rectangle::new(
                [(at as f64 + 0.12, from as f64), (at as f64 + 0.88, to as f64)],
                colour.filled(),
            )
        };
        let answered = days.iter().enumerate().map(|(at, day)| bar(at, 0, day.answered, ANSWERED));
        chart.draw_series(answered)?;
        let open = days.iter().enumerate();
        let open = open.map(|(at, day)| bar(at, day.answered, day.asked, OPEN));
        chart.draw_series(open.collect::<Vec<_>>())?;
        Ok(())
    })
}

/// A line of the messages of each day.
pub(crate) fn message_chart(days: &[BriefingDay]) -> String {
    let highest = days.iter().map(|day| day.messages).max().unwrap_or_default();
    draw(days, highest, |chart| {
        let points = days.iter().enumerate();
        let points = points.map(|(at, day)| (at as f64 + 0.5, day.messages as f64));
        chart.draw_series(LineSeries::new(points, MESSAGES.stroke_width(2)))?;
        Ok(())
    })
}

type Chart<'a, 'b> = plotters::chart::ChartContext<
    'a,
    SVGBackend<'b>,
    plotters::coord::cartesian::Cartesian2d<
        plotters::coord::types::RangedCoordf64,
        plotters::coord::types::RangedCoordf64,
    >,
>;
type DrawResult = Result<(), plotters::drawing::DrawingAreaErrorKind<std::io::Error>>;

fn draw(
    days: &[BriefingDay],
    highest: u64,
    series: impl for<'a, 'b> FnOnce(&mut Chart<'a, 'b>) -> DrawResult,
) -> String {
    let mut svg = String::new();
    draw_into(&mut svg, days, highest, series).expect("drawing into a text does not fail");
    svg
}

fn draw_into(
    svg: &mut String,
    days: &[BriefingDay],
    highest: u64,
    series: impl for<'a, 'b> FnOnce(&mut Chart<'a, 'b>) -> DrawResult,
) -> DrawResult {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let top = highest.max(4) as f64 * 1.08;
    let mut chart = ChartBuilder::on(&area)
        .margin(6)
        .x_label_area_size(26)
        .y_label_area_size(48)
        .build_cartesian_2d(0.0..days.len().max(1) as f64, 0.0..top)?;
    let label = |at: &f64| {
        let day = days.get(*at as usize).filter(|_| at.fract() == 0.0);
        // "2025-01-31" without its year.
        day.and_then(|day| day.day.get(5..)).unwrap_or_default().to_owned()
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(AXIS.mix(0.25))
        .light_line_style(AXIS.mix(0.0))
        .axis_style(AXIS)
        .x_labels(DATES.min(days.len().max(1)))
        .x_label_formatter(&label)
        .y_labels(5)
        .y_label_formatter(&|value| format!("{value:.0}"))
        .label_style(TextStyle::from(("sans-serif", FONT_SIZE).into_font()).color(&AXIS))
        .draw()?;
    series(&mut chart)?;
    area.present()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(counts: &[(u64, u64)]) -> Vec<BriefingDay> {
        let day = |(at, (asked, answered)): (usize, &(u64, u64))| BriefingDay {
            day: format!("2025-01-{:02}", at + 1),
            messages: asked * 10,
            asked: *asked,
            answered: *answered,
            confirmed: 0,
        };
        counts.iter().enumerate().map(day).collect()
    }

    #[test]
    fn a_bar_for_each_count_and_no_script() {
        let svg = question_chart(&days(&[(3, 2), (0, 0), (5, 5)]));
        assert!(svg.starts_with("<svg "), "{svg}");
        let answered = svg.matches("fill=\"#3F8F57\"").count();
        assert_eq!(answered, 3, "{svg}");
        for none in ["<script", "style=", "href"] {
            assert!(!svg.contains(none), "{none} in {svg}");
        }
        assert!(svg.contains("01-01"), "{svg}");
    }

    #[test]
    fn no_day_and_no_message_are_drawn_too() {
        for days in [days(&[]), days(&[(0, 0)])] {
            assert!(message_chart(&days).starts_with("<svg "));
        }
    }
}
