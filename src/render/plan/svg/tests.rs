use proptest::prelude::*;

use super::wellformed::fault;
use super::*;
use crate::model::fixture::{Sketch, task, with};
use crate::model::picture::tests::{pictured, pictured_as, shop};
use crate::model::state::State;

/// Titles that break what forgets to escape them.
pub(crate) const HOSTILE: [&str; 12] = [
    "</text></svg><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onload='alert(1)",
    "]]> <!-- --> <![CDATA[ <?xml ?>",
    "&lt;script&gt; &#60; &amp;",
    "a | b `c` [x](javascript:alert(1)) **bold** @user #12 https://evil.example www.evil.example",
    "end; graph TD; A-->B: \"quoted\" #quot; %%{init: {}}%% subgraph { [ ( end",
    "line one\nline two\r\n\t\u{1b}[31mred\u{202e}evil\u{0}\u{ffff}",
    "```\nfence\n```",
    "\\ back \\\" slash \\n \\l {{ template }} ${x}",
    "日本語のとても長いタイトル 👩\u{200d}💻🚀",
    "",
];

/// Tasks with these titles, each of which needs the one before and shares a lock named like it.
pub(crate) fn hostile() -> Vec<Sketch> {
    const IDS: [&str; 12] = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"];
    let sketch = |(at, title): (usize, &&str)| {
        let needs: &[&'static str] = if at % 3 == 0 { &[] } else { &IDS[at - 1..at] };
        with(task(IDS[at], 1, needs), |task| {
            task.title = (*title).into();
            task.phase = Some((*title).into());
            task.locks = vec![HOSTILE[at / 2].into()];
            task.issue = Some(format!("https://x/{title}"));
        })
    };
    HOSTILE.iter().enumerate().map(sketch).collect()
}

fn drawn(sketches: Vec<Sketch>, given: &[(&str, State)]) -> String {
    pictured(sketches, given, svg)
}

#[test]
fn a_chart_has_a_bar_for_each_task_with_all_that_is_known_of_it() {
    let text = drawn(shop(), &[("B", State::Active)]);
    assert_eq!(fault(&text), None, "{text}");
    let bar = "\
<g class=\"bar start\" data-task=\"A\">
<title>A Cart endpoint
start now, worker 2: 0m to 4h (4h)
on the critical path</title>
<rect class=\"start\" x=\"86.5\" y=\"60.5\" width=\"348.1\" height=\"19\" rx=\"3\"/>
<rect class=\"critical\" x=\"86\" y=\"81\" width=\"349.1\" height=\"3\"/>
<path class=\"on sign\" d=\"M92 70m0 -4.5l8 4.5l-8 4.5z\"/>
<svg x=\"104\" y=\"60\" width=\"328.1\" height=\"20\"><text class=\"on\" x=\"0\" y=\"14\">A  Cart endpoint</text></svg>
</g>
";
    assert!(text.contains(bar), "{text}");
    for part in [
        "<title>eval</title>",
        ">11h with 3 workers · proven shortest, bound by the critical path · 16h in sequence<",
        ">main at 1a2b3c4 · 0 of 5 landed · 1 of 3 workers busy<",
        ">critical path (11h)<",
        ">active (1)<",
        "<title>C holds lock db</title>",
        "held, worker 1: 2h to 5h (3h)\nholds lock db</title>",
        "needs A, C, D</title>",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn what_is_done_elsewhere_or_left_out_is_drawn_too() {
    let given = [("A", State::Elsewhere), ("B", State::Done), ("C", State::Cancelled)];
    let text = drawn(shop(), &given);
    assert_eq!(fault(&text), None, "{text}");
    for part in
        [">elsewhere<", ">done<", "done, not landed yet (1)", "Not drawn: 1 task that waits for cancelled or lost"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_chart_without_tasks_says_so() {
    for (sketches, given, words) in [
        (vec![], vec![], ">No tasks yet<"),
        (vec![task("A", 1, &[])], vec![("A", State::Landed)], ">Everything has landed<"),
        (vec![task("A", 1, &[])], vec![("A", State::Cancelled)], ">Everything has landed or was cancelled<"),
    ] {
        let text = drawn(sketches, &given);
        assert_eq!(fault(&text), None, "{text}");
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn hostile_text_is_drawn_as_text() {
    let name = |file: &mut crate::model::task::TaskFile| {
        let plan = crate::model::task::MasterPlan { title: Some(HOSTILE[0].into()), issue: None };
        file.settings.plan = Some(plan);
    };
    let text = pictured_as(hostile(), &[("A", State::Active), ("C", State::Done)], name, svg);
    assert_eq!(fault(&text), None, "{text}");
    assert!(!text.contains("<script") && !text.contains("<img") && !text.contains('\u{202e}'), "{text}");
}

/// Luminance of a colour such as `#0b5ea8` (WCAG 2.2, relative luminance).
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let part = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[test]
fn all_text_stands_out_from_what_it_is_written_on() {
    let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
    // In both parts: the colour of each rule, first `fill` or `stroke` as it stands.
    let fill = |part: &str, rule: &str| -> String {
        let after = part.split(rule).nth(1).unwrap_or_else(|| panic!("no rule {rule}"));
        let at = after.find("fill: #").unwrap() + 6;
        after[at..at + 7].to_owned()
    };
    let on_bars = |bar: &str| format!("rect.{bar} {{");
    for part in [light, dark] {
        let pair = |text: &str, ground: &str| (text.to_owned(), fill(part, text), fill(part, ground));
        let mut pairs = vec![pair("text {", ".paper {"), pair("text {", ".band {")];
        pairs.extend([pair(".quiet {", ".paper {"), pair(".quiet {", ".band {"), pair("text {", "rect.lock {")]);
        pairs.extend([pair(".start .on {", &on_bars("active")), pair(".start .on {", &on_bars("start"))]);
        pairs.extend(["stopped", "queued", "held", "waiting", "done"].map(|bar| pair("text {", &on_bars(bar))));
        for (what, text, ground) in pairs {
            let (a, b) = (luminance(&text), luminance(&ground));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= 4.5, "{what} {text} on {ground}: {contrast:.2}");
        }
    }
}

/// The number of `name="…"` in an element.
fn number(element: &str, name: &str) -> f64 {
    let after = element.split(&format!(" {name}=\"")).nth(1).unwrap_or_else(|| panic!("no {name} in {element}"));
    after.split('"').next().unwrap().parse().unwrap()
}

/// Left, right and top of each bar and of each label beside one, by its task.
fn extents(drawing: &str) -> Vec<(String, [f64; 3])> {
    let mut found = Vec::new();
    for group in drawing.split("<g class=\"bar ").skip(1).filter(|group| group.contains("<title>")) {
        let id = group.split("data-task=\"").nth(1).unwrap().split('"').next().unwrap();
        let group = group.split("</g>").next().unwrap();
        for line in group.lines() {
            let bar = line.starts_with("<rect") && !line.contains("class=\"critical\"");
            if bar || line.contains("class=\"beside\"") {
                let (left, top) = (number(line, "x"), number(line, "y").floor());
                found.push((id.to_owned(), [left, left + number(line, "width"), top]));
            }
        }
    }
    found
}

#[test]
fn what_runs_alone_and_where_batches_end_is_marked() {
    let alone = with(task("Z", 1, &[]), |task| task.parallel = false);
    let text = drawn(vec![task("A", 1, &[]), alone], &[]);
    assert!(text.contains(">Z (alone)<") && !text.contains("class=\"batch\""), "{text}");
    let barrier = |file: &mut crate::model::task::TaskFile| {
        file.settings.batches = Some(crate::model::task::Batches::Barrier);
    };
    let text = pictured_as(shop(), &[], barrier, svg);
    assert_eq!(fault(&text), None, "{text}");
    assert!(text.matches("<line class=\"batch\"").count() > 1 && text.contains(">next batch<"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn no_label_of_a_chart_lies_on_a_bar_or_a_label(
        tasks in proptest::collection::vec((0u64..90, 0usize..4, "[a-z ]{0,30}"), 1..300), locks in any::<bool>()
    ) {
        let ids: Vec<&'static str> = (0..tasks.len()).map(|at| -> &'static str { format!("T{at:03}").leak() }).collect();
        let sketch = |(at, (hours, kind, title)): (usize, &(u64, usize, String))| {
            let needs: &[&'static str] = if *kind == 0 && at > 5 { &ids[at - 5..at - 4] } else { &[] };
            with(task(ids[at], if *kind == 1 { *hours } else { 1 }, needs), |task| {
                task.title = title.clone();
                task.locks = if locks && *kind == 2 { vec!["db".into()] } else { Vec::new() };
            })
        };
        let text = drawn(tasks.iter().enumerate().map(sketch).collect(), &[]);
        let found = extents(&text);
        prop_assert!(found.len() >= tasks.len());
        for (at, (a, [a_left, a_right, a_top])) in found.iter().enumerate() {
            for (b, [b_left, b_right, b_top]) in &found[..at] {
                let apart = a_left >= &(b_right - 0.1) || b_left >= &(a_right - 0.1);
                prop_assert!(a_top != b_top || apart, "{a} {a_left}-{a_right} and {b} {b_left}-{b_right}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_title_breaks_a_chart(titles in proptest::collection::vec("\\PC{0,40}|.{0,20}", 1..6), hours in 0u64..400) {
        let sketches = || -> Vec<Sketch> {
            let ids = ["A", "B", "C", "D", "E"];
            let sketch = |(at, title): (usize, &String)| {
                with(task(ids[at], 1 + hours * (at as u64 % 2), &[]), |task| task.title = title.clone())
            };
            titles.iter().take(5).enumerate().map(sketch).collect()
        };
        let text = drawn(sketches(), &[]);
        prop_assert_eq!(fault(&text), None);
        prop_assert_eq!(text, drawn(sketches(), &[]));
    }
}
