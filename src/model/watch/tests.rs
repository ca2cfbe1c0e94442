use super::*;
use crate::model::facts::{Branch, Facts};
use crate::model::sample::*;
use crate::model::standing::standings;
use crate::model::status::{Collision, Selection, Verdict, status};

/// A, B and C active: B conflicts, C is far behind.
fn facts_of_three() -> Facts {
    let mut facts = facts();
    let conflict = branch("B").merge.map(|merge| crate::model::facts::Merge { clean: false, ..merge });
    observe(&mut facts, "A", branch("A"));
    observe(&mut facts, "B", Branch { merge: conflict, behind: Some(3), ..branch("B") });
    observe(&mut facts, "C", Branch { behind: Some(40), ..branch("C") });
    facts
}

fn told(facts: &Facts) -> Status {
    let file = with(file(&["A", "B", "C"]), "C", |task| task.title = "Ärger im Paradies".to_owned());
    let names = names(&file);
    status(&file, (facts, None), &standings(&file, facts, &names), &names, &Selection::Open).unwrap()
}

fn seen(facts: &Facts) -> Seen {
    Seen { status: told(facts), stale: Vec::new(), whole: true }
}

fn ids(view: &View, status: &Status) -> String {
    view.rows(status).iter().map(|row| row.id.as_str()).collect()
}

fn press(view: &mut View, status: &Status, keys: &[Key]) -> Option<Act> {
    let room = Room { page: 10, depth: 25 };
    keys.iter().map(|&key| view.press(key, Some(status), room)).last().flatten()
}

fn settled(status: &Status) -> View {
    let mut view = View::default();
    view.settle(status);
    view
}

fn typed(text: &str) -> Vec<Key> {
    text.chars().map(Key::Text).collect()
}

#[test]
fn the_selection_moves_no_further_than_the_rows_and_follows_its_task() {
    let status = told(&facts_of_three());
    let mut view = settled(&status);
    assert_eq!(view.selected, Some(id("A")));
    press(&mut view, &status, &[Key::Down, Key::Down, Key::Down]);
    assert_eq!(view.selected, Some(id("C")));
    press(&mut view, &status, &[Key::Text('s'); 4]);
    assert_eq!((view.sort, ids(&view, &status)), (Sort::Behind, "CBA".to_owned()));
    assert_eq!(view.selected, Some(id("C")));
    press(&mut view, &status, &[Key::PageDown]);
    assert_eq!(view.selected, Some(id("A")));
    press(&mut view, &status, &[Key::First]);
    assert_eq!(view.selected, Some(id("C")));
}

#[test]
fn each_order_brings_what_it_is_named_for_to_the_top() {
    let status = told(&facts_of_three());
    let sorted = |sort| ids(&View { sort, ..View::default() }, &status);
    assert_eq!(sorted(Sort::Batch), "ABC");
    assert_eq!(sorted(Sort::Merges), "BAC");
    assert_eq!(sorted(Sort::Behind), "CBA");
    assert_eq!(ids(&View { reversed: true, ..View::default() }, &status), "CBA");
}

#[test]
fn a_filter_has_words_that_a_row_must_all_have() {
    let status = told(&facts_of_three());
    let mut view = settled(&status);
    press(&mut view, &status, &[vec![Key::Text('/')], typed("ÄRGER task/c")].concat());
    assert_eq!((ids(&view, &status).as_str(), view.selected.clone()), ("C", Some(id("C"))));
    press(&mut view, &status, &typed("x"));
    assert_eq!((ids(&view, &status).as_str(), view.selected.clone()), ("", None));
    press(&mut view, &status, &[Key::Erase, Key::Enter]);
    assert_eq!((ids(&view, &status).as_str(), view.typing), ("C", false));
    assert_eq!(press(&mut view, &status, &[Key::Text('q')]), Some(Act::Quit), "no longer text");
    press(&mut view, &status, &[Key::Escape]);
    assert_eq!(ids(&view, &status), "ABC");
    press(&mut view, &status, &[vec![Key::Text('/')], typed("conflict")].concat());
    assert_eq!(ids(&view, &status), "B");
    let mut colliding = status.clone();
    let collision = Collision { with: id("B"), paths: Vec::new(), uncommitted: false };
    colliding.groups[0].rows[2].collisions = Some(vec![collision]);
    assert_eq!(ids(&View { filter: "collides".to_owned(), ..View::default() }, &colliding), "C");
    assert_eq!(ids(&View { sort: Sort::Merges, ..View::default() }, &colliding), "BCA");
}

#[test]
fn what_is_typed_is_no_command_but_ctrl_c_quits_everywhere() {
    let status = told(&facts_of_three());
    let mut view = settled(&status);
    assert_eq!(press(&mut view, &status, &typed("/q")), None);
    assert_eq!(view.filter, "q");
    assert_eq!(press(&mut view, &status, &[Key::Interrupt]), Some(Act::Quit));
    let mut view = View { help: true, ..settled(&status) };
    assert_eq!(press(&mut view, &status, &[Key::Text('s')]), None);
    assert!(!view.help && view.sort == Sort::Batch, "any key only closes the help");
}

#[test]
fn details_open_scroll_go_on_to_the_next_task_and_close() {
    let status = told(&facts_of_three());
    let mut view = settled(&status);
    press(&mut view, &status, &[Key::Enter, Key::Down, Key::PageDown]);
    assert_eq!((view.open, view.scroll), (true, 11));
    press(&mut view, &status, &[Key::PageDown, Key::PageDown]);
    assert_eq!(view.scroll, 25, "no further than they reach");
    press(&mut view, &status, &[Key::Tab]);
    assert_eq!((view.selected.clone(), view.scroll, view.open), (Some(id("B")), 0, true));
    assert_eq!(press(&mut view, &status, &[Key::Text('y')]), Some(Act::Copy(id("B"))));
    press(&mut view, &status, &[Key::Escape]);
    assert!(!view.open);
}

#[test]
fn a_view_without_rows_takes_every_key() {
    let status = told(&facts());
    for key in [Key::Up, Key::Down, Key::PageDown, Key::Last, Key::Enter, Key::Text('y'), Key::Text('s'), Key::Escape] {
        let mut view = settled(&status);
        assert_eq!(view.press(key, Some(&status), Room::default()), None, "{key:?}");
        assert!(!view.open);
        assert_eq!(View::default().press(key, None, Room::default()), None, "{key:?}");
    }
}

#[test]
fn what_did_not_move_stays_known_and_what_did_is_marked() {
    let last = seen(&facts_of_three());
    let mut moved = facts_of_three();
    for (name, observed) in &mut moved.tasks {
        let branch = observed.branch.as_mut().unwrap();
        branch.merge = None;
        if name.as_str() == "B" {
            branch.tip = oid('f');
            branch.ahead = Some(7);
        }
    }
    let now = carried(told(&moved), Some(&last));
    let row = |seen: &Seen, name: &str| seen.status.rows().find(|row| row.id.as_str() == name).cloned().unwrap();
    assert_eq!(now.stale, [id("B")]);
    assert_eq!(row(&now, "A"), row(&last, "A"));
    let b = row(&now, "B");
    assert_eq!(b.branch.unwrap().ahead, Some(7));
    assert_eq!(b.readiness.unwrap().verdict, Verdict::Conflict, "as it was seen last");

    moved.target.commit = oid('9');
    assert_eq!(carried(told(&moved), Some(&last)).stale.len(), 3, "all of it depends on the target");
}

#[test]
fn at_first_everything_slow_is_unknown() {
    let mut quick = facts_of_three();
    quick.tasks.values_mut().for_each(|observed| observed.branch.as_mut().unwrap().merge = None);
    let now = carried(told(&quick), None);
    assert!(now.status.rows().all(|row| row.readiness.is_none()) && now.stale.len() == 3 && !now.whole);
}
