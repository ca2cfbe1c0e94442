//! How wide text is before anyone has drawn it.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// Widths of ` ` to `~` in thousandths of the font size. They are those of DejaVu Sans, which is among the widest of the
/// fonts that `system-ui` and `sans-serif` stand for: text takes at most what is reserved for it, mostly a tenth less.
const ASCII: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
];

/// Of all else by the columns that a terminal gives it: combining marks, letters of other alphabets, and ideographs and
/// emoji, which are drawn up to a quarter wider than high.
const OTHER: [u16; 3] = [0, 800, 1250];

/// How much wider bold text is, in thousandths.
const BOLD: u32 = 1130;

/// A size of text.
#[derive(Debug, Clone, Copy)]
pub struct Font {
    /// In pixels.
    pub size: u32,
    pub bold: bool,
}

impl Font {
    pub const fn plain(size: u32) -> Font {
        Font { size, bold: false }
    }

    pub const fn bold(size: u32) -> Font {
        Font { size, bold: true }
    }

    /// Pixels that `text` takes at most.
    pub fn width(self, text: &str) -> f64 {
        self.pixels(text.chars().map(thousandths).fold(0, u64::saturating_add))
    }

    fn pixels(self, thousandths: u64) -> f64 {
        let weight = if self.bold { BOLD } else { 1000 };
        thousandths as f64 * f64::from(self.size) * f64::from(weight) / 1e6
    }

    /// `text` cut to at most `room` pixels, with `…` where something was cut; empty where not even that fits.
    pub fn fit(self, text: &str, room: f64) -> Cow<'_, str> {
        if self.width(text) <= room {
            return Cow::Borrowed(text);
        }
        let mut used = thousandths('…');
        let mut end = 0;
        for (at, character) in text.char_indices() {
            used += thousandths(character);
            if self.pixels(used) > room {
                break;
            }
            end = at + character.len_utf8();
        }
        let kept = text[..end].trim_end();
        Cow::Owned(if kept.is_empty() { String::new() } else { format!("{kept}…") })
    }
}

fn thousandths(character: char) -> u64 {
    let ascii = u32::from(character).checked_sub(0x20).and_then(|at| ASCII.get(at as usize));
    let other = || OTHER[character.width().unwrap_or(0).min(2)];
    u64::from(match character {
        '…' => 1000,
        _ => ascii.copied().unwrap_or_else(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_as_wide_as_its_glyphs_not_as_long_as_its_letters() {
        let font = Font::plain(10);
        assert_eq!(font.width("iiii"), 11.12);
        assert_eq!(font.width("WWWW"), 39.56);
        assert_eq!(font.width("日本"), 25.0);
        assert!(Font::bold(10).width("a") > font.width("a"));
    }

    #[test]
    fn text_is_cut_between_characters_and_never_wider_than_its_room() {
        let font = Font::plain(10);
        assert_eq!(font.fit("iiii", 12.0), "iiii");
        assert_eq!(font.fit("Wide title", 40.0), "Wide…");
        assert_eq!(font.fit("日本語", 36.0), "日本…");
        assert_eq!(font.fit("Wide", 12.0), "");
        assert_eq!(font.fit("", 0.0), "");
    }
}
