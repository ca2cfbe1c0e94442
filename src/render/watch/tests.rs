use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::model::collision::Collisions;
use crate::model::facts::{Branch, Changes, Merge, Observed, Worktree};
use crate::model::landing::{Landing, Whom};
use crate::model::sample::*;
use crate::model::standing::standings;
use crate::model::status::{Note, Selection, status};
use crate::model::watch::{Commit, Conflict, Place, Touched};

/// Active tasks whose branches hold `title`, the second in conflict and with changes.
fn seen(number: usize, title: &str) -> Seen {
    let ids: Vec<String> = (1..=number).map(|number| format!("T-{number:02}")).collect();
    let refs: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut facts = facts();
    facts.ledger = ledger(vec![starting(&refs), started("u0", &refs)]);
    let mut file = file(&refs);
    for (at, name) in refs.iter().enumerate() {
        file = with(file, name, |task| task.title = title.to_owned());
        let record = facts.ledger.records.get_mut(&id(name)).unwrap();
        record.snapshot.as_mut().unwrap().title = title.to_owned();
        let mut branch = Branch { behind: Some(at as u64), committed_at: facts.now, ..branch(name) };
        let mut changes = Changes::default();
        if at == 1 {
            let merge = branch.merge.take().unwrap();
            branch.merge = Some(Merge { clean: false, conflicts: vec!["src/\u{1b}[2Jmod.rs".into()], ..merge });
            changes = Changes { modified: 2, untracked: 1, ..changes };
        }
        let worktree = Worktree { changes: Some(changes), ..crate::model::sample::worktree(name) };
        facts
            .tasks
            .insert(id(name), Observed { branch: Some(branch), worktree: Some(worktree), ..Observed::default() });
    }
    let names = names(&file);
    let compared = refs.iter().map(|name| id(name)).collect();
    let collisions = Collisions { compared, ..Collisions::default() };
    let seen = (&facts, Some(&collisions));
    let status = status(&file, seen, &standings(&file, &facts, &names), &names, &Selection::Open).unwrap();
    Seen { status, stale: Vec::new(), whole: true }
}

fn details(seen: &Seen, name: &str) -> Details {
    let row = seen.status.rows().find(|row| row.id == id(name)).unwrap().clone();
    let commit = Commit { id: oid('d'), at: seen.status.now, subject: "add \u{1b}]0;pwn\u{7} a scorer".to_owned() };
    let text = ["fn a() {}", "<<<<<<< main", "fn ours() {}", "=======", "fn \u{202e}theirs() {}", ">>>>>>> T-02"];
    let lines = (10..).zip(text.map(str::to_owned)).collect();
    let place = Place { path: "src/mod.rs".into(), lines };
    Details {
        row,
        commits: vec![commit],
        more_commits: false,
        files: Some(vec![
            Touched { path: "src/mod.rs".into(), lines: Some((12, 3)) },
            Touched { path: "logo.png".into(), lines: None },
        ]),
        conflicts: vec![Conflict {
            with: "main".to_owned(),
            said: vec!["CONFLICT (content): Merge conflict in src/mod.rs".to_owned()],
            places: vec![place],
            cut: false,
        }],
    }
}

fn shown<'a>(seen: Option<&'a Seen>, view: &'a View, details: Option<&'a Details>) -> Shown<'a> {
    Shown { repo: "neon", seen, view, details, pulse: Pulse::Live, fault: None, colors: true }
}

fn drawn(shown: &Shown<'_>, width: u16, height: u16) -> (Buffer, Room) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut room = Room::default();
    terminal.draw(|frame| room = draw(shown, frame.area(), frame.buffer_mut())).unwrap();
    (terminal.backend().buffer().clone(), room)
}

/// The screen as text, without blanks at the ends of lines and without empty lines at its end.
fn text(shown: &Shown<'_>, width: u16, height: u16) -> String {
    let (buffer, _) = drawn(shown, width, height);
    let line = |y: u16| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..height).map(line).collect::<Vec<_>>().join("\n")
}

fn on(seen: &Seen, at: usize) -> View {
    View { selected: seen.status.rows().nth(at).map(|row| row.id.clone()), ..View::default() }
}

#[test]
fn rows_have_the_columns_of_status_between_a_title_and_the_keys() {
    let seen = seen(3, "Score everything");
    let view = on(&seen, 1);
    assert_eq!(
        text(&shown(Some(&seen), &view, None), 80, 8),
        "\x20neon · main at aaaaaaa · 0 of 3 landed (0%) · 2 ready · 1 in conflict     live
  Task  State   ↑main↓  ±      Merges      Age  Title
  T-01  active   ↑2 ↓0  clean  clean (ff)  now  Score everything
  T-02  active   ↑2 ↓1  ~2 ?1  1 conflict  now  Score everything
  T-03  active   ↑2 ↓2  clean  clean       now  Score everything


 ↑↓ select  enter details  / filter  s sort  y copy path  ? help  q quit"
    );
    let (buffer, _) = drawn(&shown(Some(&seen), &view, None), 80, 8);
    let reversed = |y: u16| (0..80).all(|x| buffer[(x, y)].modifier.contains(Modifier::REVERSED));
    assert_eq!((2..5).filter(|&y| reversed(y)).collect::<Vec<_>>(), [3], "the selected row is one bar");
}

#[test]
fn details_stand_below_the_rows_with_commits_files_and_hunks() {
    let seen = seen(2, "Score everything");
    let details = details(&seen, "T-02");
    let view = View { open: true, ..on(&seen, 1) };
    assert_eq!(
        text(&shown(Some(&seen), &view, Some(&details)), 80, 34),
        "\x20neon · main at aaaaaaa · 0 of 2 landed (0%) · 1 ready · 1 in conflict     live
  Task  State   ↑main↓  ±      Merges      Age  Title
  T-01  active   ↑2 ↓0  clean  clean (ff)  now  Score everything
  T-02  active   ↑2 ↓1  ~2 ?1  1 conflict  now  Score everything
── T-02 Score everything ───────────────────────────────────────────────────────
  state    active
  branch   task/T-02
  commits  aaaaaaa..bbbbbbb
  worktree /x/r-task-T-02
    T-02 conflicts with main in
      src/\\e[2Jmod.rs
    T-02 conflicts: commit or put aside its changes, then merge 'main' there

1 commit
  ddddddd   now  add \\e]0;pwn\\u{7} a scorer

2 files changed
     +12 -3      src/mod.rs
  binary         logo.png

conflicts with main
  CONFLICT (content): Merge conflict in src/mod.rs
  src/mod.rs
      10  fn a() {}
      11  <<<<<<< main
      12  fn ours() {}
      13  =======
      14  fn \\u{202e}theirs() {}
      15  >>>>>>> T-02




 ↑↓ scroll  n p next task  y copy path  esc close  ? help  q quit"
    );
}

#[test]
fn on_a_small_screen_details_take_the_place_of_the_rows_and_scroll() {
    let seen = seen(2, "Score everything");
    let details = details(&seen, "T-02");
    let view = View { open: true, scroll: 900, ..on(&seen, 1) };
    let screen = text(&shown(Some(&seen), &view, Some(&details)), 60, 8);
    assert!(screen.contains("── T-02 Score everything ─") && screen.contains("21–25 of 25 ──"), "{screen}");
    assert!(screen.contains("      15  >>>>>>> T-02") && !screen.contains("T-01"), "{screen}");
    let (_, room) = drawn(&shown(Some(&seen), &view, Some(&details)), 60, 8);
    assert_eq!((room.page, room.depth), (4, 20));
}

#[test]
fn the_selected_row_is_always_on_the_screen() {
    let seen = seen(60, "x");
    for (width, height) in [(80, 24), (200, 50), (20, 5), (20, 3), (20, 2), (20, 1)] {
        for at in [0, 1, 29, 58, 59] {
            let view = on(&seen, at);
            let screen = text(&shown(Some(&seen), &view, None), width, height);
            assert!(screen.contains(&format!("T-{:02}", at + 1)), "{at} at {width}x{height}:\n{screen}");
        }
    }
}

#[test]
fn a_tiny_screen_shows_the_start_of_everything() {
    let seen = seen(2, "Score everything");
    let view = on(&seen, 0);
    assert_eq!(
        text(&shown(Some(&seen), &view, None), 20, 5),
        " neon          live\n  Task  State   Mer…\n  T-01  active  cle…\n  T-02  active  1 c…\n ↑↓ select  enter de"
    );
}

#[test]
fn no_size_and_no_state_panics_and_no_control_character_reaches_the_screen() {
    let hostile = "a\u{1b}[31m\u{9b}2J\u{202e}b\r\n\u{7}\u{200b}日本語 \u{1b}]52;c;eA==\u{7}";
    let mut seen = seen(5, hostile);
    seen.stale.push(id("T-01"));
    let details = details(&seen, "T-02");
    let views = [
        on(&seen, 1),
        View { open: true, scroll: 3, ..on(&seen, 1) },
        View { typing: true, filter: hostile.to_owned(), ..View::default() },
        View { help: true, ..View::default() },
        View { message: Some(hostile.to_owned()), reversed: true, ..on(&seen, 1) },
    ];
    for view in &views {
        for (width, height) in [(80, 24), (200, 50), (20, 5), (7, 2), (1, 1), (3, 17), (120, 1)] {
            for seen in [Some(&seen), None] {
                let fault = Some(hostile);
                let shown = Shown { repo: hostile, fault, colors: false, ..shown(seen, view, Some(&details)) };
                let (buffer, _) = drawn(&shown, width, height);
                for cell in buffer.content() {
                    assert!(!cell.symbol().chars().any(crate::model::text::is_unsafe), "{:?}", cell.symbol());
                    assert_eq!((cell.fg, cell.bg), (ratatui::style::Color::Reset, ratatui::style::Color::Reset));
                }
            }
        }
    }
}

#[test]
fn what_is_not_known_any_more_is_dim_and_what_never_was_is_a_dot() {
    let mut seen = seen(2, "x");
    seen.stale.push(id("T-01"));
    seen.status.groups[0].rows[0].readiness = None;
    let (buffer, _) = drawn(&shown(Some(&seen), &on(&seen, 1), None), 80, 8);
    let line = |y: u16| (0..80).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    assert!(line(2).contains("clean  ·"), "{}", line(2));
    assert!(!buffer[(2, 2)].modifier.contains(Modifier::DIM), "the id is known");
    let verdict = line(2).chars().position(|symbol| symbol == '·').unwrap() as u16;
    assert!(buffer[(verdict, 2)].modifier.contains(Modifier::DIM));
}

#[test]
fn a_fault_stands_below_what_was_seen_before_it() {
    let seen = seen(1, "x");
    let view = on(&seen, 0);
    let shown = Shown { fault: Some("'dispatch.toml' has 2 faults"), ..shown(Some(&seen), &view, None) };
    let screen = text(&shown, 80, 6);
    assert!(screen.contains("T-01") && screen.ends_with(" error: 'dispatch.toml' has 2 faults"), "{screen}");
}

#[test]
fn batches_have_headings_until_rows_are_sorted() {
    let mut seen = seen(3, "x");
    let rows = seen.status.groups[0].rows.split_off(1);
    seen.status.groups.push(crate::model::status::Group { batch: None, rows });
    let screen = text(&shown(Some(&seen), &on(&seen, 0), None), 80, 10);
    assert!(screen.contains("batch-001 from main at aaaaaaa") && screen.contains("\nIn no batch\n"), "{screen}");
    let sorted = View { sort: Sort::Behind, ..on(&seen, 0) };
    let screen = text(&shown(Some(&seen), &sorted, None), 80, 10);
    assert!(!screen.contains("batch-001") && screen.contains(" sort: behind  ↑↓ select"), "{screen}");
}

#[test]
fn what_is_to_come_stands_above_the_keys_where_there_is_room() {
    let mut seen = seen(3, "Score everything");
    let lands = vec![(id("T-03"), String::new()), (id("T-01"), String::new())];
    seen.status.landing = Some(Landing { whom: Whom::Done, lands, left: Vec::new(), most: true });
    seen.status.unread = Some(("1 line of the ledger could not be read".to_owned(), "git notes list".to_owned()));
    let view = on(&seen, 0);
    let high = text(&shown(Some(&seen), &view, None), 80, 20);
    let end = " landing order: T-03, T-01\n 1 line of the ledger could not be read: git notes list\n ↑↓ select";
    assert!(high.contains(end), "{high}");
    let low = text(&shown(Some(&seen), &view, None), 80, 8);
    assert!(!low.contains("landing order"), "the rows come first:\n{low}");
}

#[test]
fn without_rows_it_says_what_status_says() {
    let mut seen = seen(1, "Score everything");
    seen.status.groups.clear();
    seen.status.ever = (1, 1);
    seen.status.left_dirty = 1;
    let screen = text(&shown(Some(&seen), &View::default(), None), 80, 10);
    let told = "Nothing is under way; 1 of 1 started task has landed.\n\
                1 landed task's worktree holds changes that are not committed.\n\n  git dispatch plan\n";
    assert!(screen.contains(told), "{screen}");
}

#[test]
fn what_there_is_to_do_is_broken_into_lines_and_never_cut() {
    let mut seen = seen(1, "Score everything");
    let word = "漢".repeat(30);
    let text_of = format!("if it was squashed, write state = \"landed\" into [task.{word}] and go on");
    seen.status.groups[0].rows[0].notes = vec![Note { text: text_of, commands: Vec::new(), fault: false }];
    let view = View { open: true, ..on(&seen, 0) };
    let screen = text(&shown(Some(&seen), &view, None), 40, 24);
    let told: String = screen.chars().filter(|letter| !letter.is_whitespace()).collect();
    assert!(told.contains("write") && told.contains("andgoon"), "{screen}");
    assert_eq!(told.matches('漢').count(), 30, "{screen}");
}
