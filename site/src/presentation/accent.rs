//! The accent colour of a community, made readable on light and on dark paper.

use std::str::FromStr;

/// The papers of the style sheet that the accent stands on.
const LIGHT_PAPER: Rgb = Rgb([0xfa, 0xf8, 0xf2]);
const DARK_PAPER: Rgb = Rgb([0x15, 0x18, 0x14]);
/// WCAG 2.2, 1.4.3: text of normal size.
const LEAST_CONTRAST: f64 = 4.5;
/// The share of the accent in the wash behind a badge.
const WASH: f64 = 0.1;

/// A colour as `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccentColor(Rgb);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rgb([u8; 3]);

impl FromStr for AccentColor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!("{text:?} is not a colour; expected six hexadecimal digits as in \"#2c5a3a\"")
        };
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or_else(wrong)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let part = |at| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| wrong());
        Ok(Self(Rgb([part(0)?, part(2)?, part(4)?])))
    }
}

impl AccentColor {
    /// A style sheet that replaces the accent of both colour schemes. The colour is darkened or lightened
    /// until text in it can be read.
    pub(crate) fn style_sheet(self) -> String {
        let scheme = |paper: Rgb, end: Rgb| {
            let accent = self.0.readable_on(paper, end);
            format!("--green: {}; --green-wash: {};", accent.css(), paper.mixed(accent, WASH).css())
        };
        let light = scheme(LIGHT_PAPER, Rgb([0; 3]));
        let dark = scheme(DARK_PAPER, Rgb([255; 3]));
        format!(
            ":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
        )
    }
}

impl Rgb {
    /// The colour, moved towards `end` in steps until its contrast with `paper` and with its own wash on it
    /// is enough.
    fn readable_on(self, paper: Self, end: Self) -> Self {
        let steps = (0..=20).map(|step| self.mixed(end, f64::from(step) / 20.0));
        let readable = |colour: &Self| {
            let wash = paper.mixed(*colour, WASH);
            colour.contrast(paper).min(colour.contrast(wash)) >= LEAST_CONTRAST
        };
        steps.into_iter().find(readable).unwrap_or(end)
    }

    fn mixed(self, other: Self, share: f64) -> Self {
        let mix = |at: usize| {
            let (one, other) = (f64::from(self.0[at]), f64::from(other.0[at]));
            (one + (other - one) * share).round() as u8
        };
        Self([mix(0), mix(1), mix(2)])
    }

    fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn css(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_colour_is_six_digits() {
        assert_eq!("#2C5a3a".parse(), Ok(AccentColor(Rgb([0x2c, 0x5a, 0x3a]))));
        for wrong in ["", "2c5a3a", "#fff", "#12345g", "red", "#2c5a3a; }", "#+1+1+1"] {
            assert!(wrong.parse::<AccentColor>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_readable_colour_stays_as_it_is() {
        let sheet = "#2c5a3a".parse::<AccentColor>().unwrap().style_sheet();
        assert!(sheet.starts_with(":root { --green: #2c5a3a;"), "{sheet}");
    }

    proptest! {
        #[test]
        fn every_accent_can_be_read_on_both_papers(rgb in prop::array::uniform3(any::<u8>())) {
            for (paper, end) in [(LIGHT_PAPER, Rgb([0; 3])), (DARK_PAPER, Rgb([255; 3]))] {
                let accent = Rgb(rgb).readable_on(paper, end);
                prop_assert!(accent.contrast(paper) >= LEAST_CONTRAST);
                prop_assert!(accent.contrast(paper.mixed(accent, WASH)) >= LEAST_CONTRAST);
            }
        }
    }
}
