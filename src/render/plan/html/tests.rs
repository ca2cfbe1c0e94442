use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::model::fixture::{task, with};
use crate::model::picture::tests::{pictured, pictured_as, shop};
use crate::model::state::State;
use crate::model::task::MasterPlan;
use crate::render::plan::svg::tests::{HOSTILE, hostile};
use crate::render::plan::svg::wellformed::fault;

/// The hash of `text` as a Content-Security-Policy names it.
fn hash(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::from("sha256-");
    for three in Sha256::digest(text.as_bytes()).chunks(3) {
        let bits = three.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        let digit = |at: usize| DIGITS[(bits >> (18 - 6 * at)) as usize & 63] as char;
        out.extend((0..4).map(|at| if at <= three.len() { digit(at) } else { '=' }));
    }
    out
}

/// The page as XML: without doctype, style and script, and with its empty elements closed.
fn as_xml(page: &str) -> String {
    let page = page.replacen(STYLE, "", 1).replacen(SCRIPT, "", 1).replacen("<!DOCTYPE html>", "", 1);
    let closed = |line: &str| match line {
        line if line.starts_with("<meta ") || line.starts_with("<input ") => format!("{}/>\n", &line[..line.len() - 1]),
        line => format!("{}\n", line.replace("<form role=\"search\" hidden>", "<form role=\"search\">")),
    };
    page.lines().map(closed).collect()
}

#[test]
fn the_policy_names_the_style_and_the_script_that_the_page_holds() {
    assert_eq!(hash("abc"), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    assert_eq!(STYLE_HASH, hash(STYLE));
    assert_eq!(SCRIPT_HASH, hash(SCRIPT));
    let page = pictured(shop(), &[], html);
    assert!(page.contains(&format!("style-src '{STYLE_HASH}'; script-src '{SCRIPT_HASH}';")), "{page}");
    assert!(!page.contains(" style=") && !page.contains(" onload=") && !page.contains("src=\""), "{page}");
}

#[test]
fn the_page_has_a_row_a_bar_and_a_box_for_each_task() {
    let mut sketches = shop();
    sketches[0].0.issue = Some("https://example.com/issues/11".into());
    let page = pictured(sketches, &[("B", State::Active)], html);
    assert_eq!(fault(&as_xml(&page)), None, "{page}");
    for id in ["A", "B", "C", "D", "E"] {
        assert_eq!(page.matches(&format!("<tr id=\"task-{id}\"")).count(), 1, "{id}");
        assert_eq!(page.matches(&format!("<a href=\"#task-{id}\"><g class=\"bar")).count(), 1, "{id}");
    }
    for row in [
        "<tr id=\"task-A\" data-task=\"A\" data-words=\"https://example.com/issues/11 code\"><td><a href=\"https://example.com/issues/11\" rel=\"noreferrer\">A</a></td>\
         <td>Cart endpoint</td><td></td><td><span class=\"badge start\">start now</span> <span class=\"badge path\">critical\
         </span></td><td data-key=\"240\">4h</td><td data-key=\"1\">0m</td><td data-key=\"240\">4h</td><td>worker 2</td>\
         <td></td></tr>",
        "<td>worker 1</td><td><a href=\"#task-B\">B</a> (lock db)</td></tr>",
        "<td>worker 1</td><td><a href=\"#task-A\">A</a>, <a href=\"#task-C\">C</a>, <a href=\"#task-D\">D</a></td></tr>",
    ] {
        assert!(page.contains(row), "{row} in {page}");
    }
    assert_eq!(page.matches("<path class=\"edge chain\"").count(), 2);
    assert_eq!(page.matches("<path class=\"edge\"").count(), 1);
}

#[test]
fn what_cannot_run_has_rows_too_and_nothing_left_is_said() {
    let page = pictured(shop(), &[("A", State::Cancelled), ("C", State::Lost)], html);
    assert_eq!(fault(&as_xml(&page)), None, "{page}");
    for part in ["<span class=\"badge never\">lost</span>", "<td>A (cancelled)</td></tr>", "Without needs"] {
        assert_eq!(page.contains(part), part != "Without needs", "{part} in {page}");
    }
    let page = pictured(vec![], &[], html);
    assert_eq!(fault(&as_xml(&page)), None, "{page}");
    assert!(page.contains("<p>No tasks yet</p>") && !page.contains("<script"), "{page}");
}

#[test]
fn a_graph_that_nobody_could_read_is_left_out() {
    let ids: Vec<&'static str> = (0..300).map(|at| -> &'static str { format!("T{at:03}").leak() }).collect();
    let needs = |at: usize| if at < 150 { &[] } else { &ids[..150] };
    let page = pictured((0..300).map(|at| task(ids[at], 1, needs(at))).collect(), &[], html);
    assert_eq!(fault(&as_xml(&page)), None);
    assert!(page.contains("<p>Not drawn: 22500 needs are too many to be seen.</p>") && !page.contains("class=\"edge"));
}

#[test]
fn hostile_text_is_text() {
    let name = |file: &mut crate::model::task::TaskFile| {
        file.settings.plan =
            Some(MasterPlan { title: Some(HOSTILE[0].into()), issue: Some("javascript:alert(1)".into()) });
    };
    let page = pictured_as(hostile(), &[("A", State::Active), ("C", State::Done)], name, html);
    assert_eq!(fault(&as_xml(&page)), None, "{page}");
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains("<img") && !page.contains("href=\"javascript") && !page.contains('\u{202e}'), "{page}");
}

proptest! {
    #[test]
    fn no_format_takes_a_title_for_markup(words in proptest::collection::vec("\\PC{0,12}", 2)) {
        let title = format!("{}<script>alert(1)</script>{}", words[0], words[1]);
        let sketches = || {
            let hostile = |sketch| with(sketch, |task| {
                task.title = title.clone();
                task.phase = Some(title.clone());
                task.locks = vec![title.clone()];
            });
            vec![hostile(task("A", 1, &[])), hostile(task("B", 1, &["A"]))]
        };
        let markdown = crate::render::plan::markdown::markdown;
        for format in [html, svg::svg, markdown, crate::render::plan::mermaid::mermaid, crate::render::plan::dot::dot] {
            prop_assert!(!pictured(sketches(), &[], format).contains("<script>alert"));
        }
    }

    #[test]
    fn no_title_phase_or_issue_breaks_a_page(words in proptest::collection::vec("\\PC{0,30}|.{0,20}", 3)) {
        let sketches = || {
            let hostile = |sketch| with(sketch, |task| {
                task.title = words[0].clone();
                task.phase = Some(words[1].clone());
                task.issue = Some(format!("https://{}", words[2]));
            });
            vec![hostile(task("A", 1, &[])), hostile(task("B", 1, &["A"])), hostile(task("C", 1, &[]))]
        };
        let page = pictured(sketches(), &[], html);
        prop_assert_eq!(fault(&as_xml(&page)), None);
        prop_assert_eq!(page.matches("<script").count(), 1);
        prop_assert_eq!(page, pictured(sketches(), &[], html));
    }
}
