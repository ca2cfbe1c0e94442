use super::*;
use crate::model::fixture::{Sketch, task, with};
use crate::model::picture::tests::{pictured, shop};
use crate::model::state::State;
use crate::render::plan::svg::tests::hostile;

#[test]
fn the_document_holds_a_chart_and_a_graph() {
    let text = pictured(shop(), &[("B", State::Active)], mermaid);
    let (head, rest) = text.split_once("    classDef").unwrap();
    assert_eq!(
        head,
        "\
# eval

11h with 3 workers · proven shortest, bound by the critical path · 16h in sequence

```mermaid
gantt
    title eval
    dateFormat YYYY-MM-DD HH:mm
    axisFormat %H:%M
    todayMarker off
    section worker 1
    B Orders table :active, t0, 2001-01-01 00:00, 120m
    C Price table :t2, 2001-01-01 02:00, 180m
    E Release notes :crit, t4, 2001-01-01 10:00, 60m
    section worker 2
    A Cart endpoint :crit, t1, 2001-01-01 00:00, 240m
    D Cart page :crit, t3, 2001-01-01 04:00, 360m
```

```mermaid
flowchart LR
"
    );
    let nodes = "\
    t0[\"B Orders table\"]:::active
    t1[\"A Cart endpoint\"]:::start
    class t1 critical
    t2[\"C Price table\"]:::held
    t3[\"D Cart page\"]:::waiting
    class t3 critical
    t1 ==> t3
    t4[\"E Release notes\"]:::waiting
    class t4 critical
    t2 --> t4
    t3 ==> t4
```
";
    assert!(rest.ends_with(nodes), "{rest}");
}

#[test]
fn long_plans_count_in_days_and_leave_out_what_mermaid_does_not_take() {
    let names: Vec<String> = (0..1200).map(|number| format!("T{number:04}")).collect();
    let sketches: Vec<Sketch> = names
        .iter()
        .map(|id| with(task(id, 8, &[]), |task| task.title = "A title of thirty letters:".into()))
        .collect();
    let text = pictured(sketches, &[], mermaid);
    assert!(text.contains("    axisFormat day %-j\n    tickInterval 1month\n"), "{text}");
    assert!(text.contains(" :crit, t3, 2001-01-02 00:00, 1440m\n"), "{text}");
    for block in text.split("```mermaid\n").skip(1) {
        let (block, rest) = block.split_once("```").unwrap();
        assert!(block.len() < 50_000, "{}", block.len());
        assert!(rest.starts_with("\n\nLeft out, since Mermaid takes no more: "), "{rest}");
    }
}

#[test]
fn more_arrows_than_mermaid_takes_are_left_out() {
    let names: Vec<String> = (0..60).map(|number| format!("T{number:02}")).collect();
    let needs: Vec<&'static str> =
        vec!["T00", "T01", "T02", "T03", "T04", "T05", "T06", "T07", "T08", "T09", "T10", "T11"];
    let sketch = |(at, id): (usize, &String)| task(id, 1, if at < 12 { &[] } else { &needs });
    let text = pictured(names.iter().enumerate().map(sketch).collect(), &[], mermaid);
    assert_eq!(text.matches("-->").count() + text.matches("==>").count(), 492);
    assert!(text.ends_with("Left out, since Mermaid takes no more: 7 later tasks\n"), "{text}");
}

#[test]
fn hostile_titles_mean_nothing_to_mermaid() {
    let text = pictured(hostile(), &[("A", State::Active)], mermaid);
    assert_eq!(text.matches("```").count(), 4);
    for line in text.lines().filter(|line| line.contains("[\"")) {
        let label = line.split_once("[\"").unwrap().1.split_once("\"]:::").unwrap().0;
        let bare = ['"', '%', ':', '<', '>', '&', '\\', '`', '{', '[', '|'];
        assert!(!label.contains(bare), "{line}");
    }
}

#[test]
fn ids_that_are_keywords_and_plans_without_tasks_are_no_fault() {
    let text = pictured(vec![task("section", 1, &[]), task("End", 1, &[])], &[], mermaid);
    assert!(text.contains("    #115;ection :crit, t1, ") && text.contains("    End :crit, t0, "), "{text}");
    assert_eq!(pictured(vec![], &[], mermaid), "# eval\n\nNo tasks yet.\n");
}
