//! Bars of one row laid out in lanes, so that neither bars nor labels lie on each other.

use super::glyphs::Font;

/// Of labels, in pixels.
pub const TEXT: Font = Font::plain(12);
/// Between a bar's edge and what is written in it.
pub const INSET: f64 = 6.0;
/// No bar is drawn narrower.
pub const NARROWEST: f64 = 4.0;

/// A bar without its place in height.
#[derive(Debug, Clone)]
pub struct Strip {
    pub left: f64,
    pub right: f64,
    pub id: String,
    /// Escaped; may be empty.
    pub title: String,
    /// What signs inside it take.
    pub signs: f64,
    /// Its label gives way to no other, and has its title.
    pub first: bool,
}

/// Where a bar lies and what is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    pub lane: usize,
    pub label: Label,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Label {
    Inside(String),
    Right(String),
    Left(String),
    /// There is no room for it.
    None,
}

/// How much is written beside bars that are too short for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    Titles,
    Ids,
}

impl Detail {
    /// Lanes that one row may have.
    fn most_lanes(self) -> usize {
        match self {
            Detail::Titles => 3,
            Detail::Ids => 12,
        }
    }
}

/// A title beside its bar takes at most this.
const LONGEST_BESIDE: f64 = 200.0;
/// A title is not cut below this.
const LEAST_TITLE: f64 = 48.0;
/// Between a bar or its label and what follows.
const GAP: f64 = 4.0;

/// A lane as far as it is filled.
struct Lane {
    /// Where its last bar ends, and where the label beside that.
    bar: f64,
    end: f64,
    /// The last in it.
    last: usize,
}

/// The first lane with room for each strip (in the order of their left ends) and its label, between `left` and `right`.
/// `None` where titles would take more lanes than they are worth.
///
/// Where all lanes are full, a label is left out: that of the strip, or of one before it. Neither lies on anything else.
pub fn place(strips: &[Strip], bounds: (f64, f64), detail: Detail) -> Option<Vec<Placed>> {
    let mut lanes: Vec<Lane> = Vec::new();
    let mut placed: Vec<Placed> = Vec::with_capacity(strips.len());
    for (at, strip) in strips.iter().enumerate() {
        let (label, from, to) = label(strip, bounds, detail);
        let free = |from: f64| lanes.iter().position(|lane| lane.end <= from + 0.01);
        let (lane, label, to) = match free(from) {
            Some(lane) => (lane, label, to),
            None if lanes.len() < detail.most_lanes() => (lanes.len(), label, to),
            None if detail == Detail::Titles => return None,
            None => match (free(strip.left), yielding(&lanes, strips, strip.left)) {
                (Some(lane), _) => (lane, Label::None, strip.right),
                (None, Some(lane)) => {
                    placed[lanes[lane].last].label = Label::None;
                    let kept = lanes[lane].bar <= from + 0.01;
                    if kept { (lane, label, to) } else { (lane, Label::None, strip.right) }
                }
                // Bars never lie on each other, whatever height that takes.
                (None, None) => (lanes.len(), label, to),
            },
        };
        let filled = Lane { bar: strip.right, end: to.max(strip.right), last: at };
        if lane < lanes.len() {
            lanes[lane] = filled
        } else {
            lanes.push(filled)
        }
        placed.push(Placed { lane, label });
    }
    Some(placed)
}

/// The lane whose last bar ends before `left` and whose last label may go: of these, the one that reaches furthest.
fn yielding(lanes: &[Lane], strips: &[Strip], left: f64) -> Option<usize> {
    let may = |&at: &usize| lanes[at].bar <= left + 0.01 && !strips[lanes[at].last].first;
    (0..lanes.len()).filter(may).max_by(|&a, &b| lanes[a].end.total_cmp(&lanes[b].end))
}

/// What is written and where, and the room that strip and label take together.
fn label(strip: &Strip, (left, right): (f64, f64), detail: Detail) -> (Label, f64, f64) {
    let room = strip.right - strip.left - 2.0 * INSET - strip.signs;
    if let Some(text) = written(strip, room) {
        return (Label::Inside(text), strip.left, strip.right);
    }
    let title = TEXT.fit(&strip.title, LONGEST_BESIDE);
    let text = match detail {
        _ if !title.is_empty() && (detail == Detail::Titles || strip.first) => format!("{}  {title}", strip.id),
        _ => TEXT.fit(&strip.id, LONGEST_BESIDE).into_owned(),
    };
    let width = GAP + TEXT.width(&text) + 2.0 * GAP;
    if strip.right + width <= right {
        (Label::Right(text), strip.left, strip.right + width)
    } else if strip.left - width >= left {
        (Label::Left(text), strip.left - width, strip.right)
    } else {
        (Label::None, strip.left, strip.right)
    }
}

/// Id and title as far as they fit; `None` where not even the id does.
fn written(strip: &Strip, room: f64) -> Option<String> {
    let id = TEXT.width(&strip.id);
    if id > room {
        return None;
    }
    let full = format!("{}  {}", strip.id, strip.title);
    if TEXT.width(full.trim_end()) <= room {
        return Some(full.trim_end().to_owned());
    }
    let rest = room - TEXT.width(&format!("{}  ", strip.id));
    let title = TEXT.fit(&strip.title, rest);
    let kept = rest >= LEAST_TITLE && !title.is_empty();
    Some(if kept { format!("{}  {title}", strip.id) } else { strip.id.clone() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn strip(left: f64, right: f64, id: &str, title: &str) -> Strip {
        Strip { left, right, id: id.into(), title: title.into(), signs: 0.0, first: false }
    }

    #[test]
    fn labels_stand_inside_where_they_fit_and_beside_where_not() {
        let strips = [
            strip(0.0, 200.0, "A", "Short"),
            strip(200.0, 300.0, "B", "A title that is too long"),
            strip(300.0, 310.0, "CCC", "Beside"),
            strip(310.0, 320.0, "DDD", ""),
            strip(390.0, 400.0, "EEE", ""),
        ];
        let placed = place(&strips, (0.0, 400.0), Detail::Titles).unwrap();
        let expected = [
            (0, Label::Inside("A  Short".into())),
            (0, Label::Inside("B  A title tha…".into())),
            (0, Label::Right("CCC  Beside".into())),
            (1, Label::Right("DDD".into())),
            (2, Label::Left("EEE".into())),
        ];
        assert_eq!(placed.into_iter().map(|one| (one.lane, one.label)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn where_there_are_too_many_only_some_are_labelled() {
        let strips: Vec<Strip> =
            (0..100).map(|at| strip(f64::from(at) * 4.0, f64::from(at) * 4.0 + 4.0, "TASK-1", "title")).collect();
        assert_eq!(place(&strips, (0.0, 2_000.0), Detail::Titles), None);
        let placed = place(&strips, (0.0, 2_000.0), Detail::Ids).unwrap();
        assert!(placed.iter().all(|one| one.lane < 12));
        assert!(placed.iter().filter(|one| matches!(one.label, Label::Right(_))).count() > 50);
        assert!(placed.iter().any(|one| one.label == Label::None));
    }

    proptest! {
        #[test]
        fn neither_bars_nor_labels_lie_on_each_other(
            widths in proptest::collection::vec((0.0f64..20.0, 0.0f64..60.0, "\\PC{0,20}", 0..20), 0..300)
        ) {
            let mut at = 0.0;
            let mut strips = Vec::new();
            for (gap, width, title, first) in widths {
                strips.push(Strip { first: first == 0, ..strip(at, at + width.max(NARROWEST), "T-1", &title) });
                at += gap;
            }
            let right = at + 200.0;
            let placed = place(&strips, (0.0, right), Detail::Ids).unwrap();
            let extent = |at: usize| {
                let (strip, width) = (&strips[at], |text: &str| TEXT.width(text) + GAP);
                match &placed[at].label {
                    Label::Right(text) => (strip.left, strip.right + width(text)),
                    Label::Left(text) => (strip.left - width(text), strip.right),
                    Label::Inside(_) | Label::None => (strip.left, strip.right),
                }
            };
            for a in 0..strips.len() {
                prop_assert!(placed[a].label != Label::None || !strips[a].first || strips[a].left > 0.0, "{a}");
                for b in 0..a {
                    let ((a_left, a_right), (b_left, b_right)) = (extent(a), extent(b));
                    let apart = a_left >= b_right - 0.02 || b_left >= a_right - 0.02;
                    prop_assert!(placed[a].lane != placed[b].lane || apart, "{a} {b}");
                }
            }
        }
    }
}
