use super::*;
use crate::model::collision::{Collisions, Meeting};
use crate::model::facts::{Branch, Merge};
use crate::model::sample::{branch, facts, file, id, names, observe, with};
use crate::model::standing::standings;
use crate::model::status::{Selection, status as decide};

/// Tasks `TASK-001`, … of which every two whose numbers a third number divides meet, in so many paths.
fn tasks(count: usize, hostile: bool) -> Status {
    let ids: Vec<String> = (1..=count).map(|number| format!("TASK-{number:03}")).collect();
    let mut file = file(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    let mut facts = facts();
    let mut collisions = Collisions { compared: ids.iter().map(|name| id(name)).collect(), ..Collisions::default() };
    for (at, name) in ids.iter().enumerate() {
        let title = if hostile { "\u{1b}[2J 日本 title that is long".to_owned() } else { format!("Title of {name}") };
        file = with(file, name, |task| task.title = title);
        let merge =
            Merge { clean: at != 1, conflicts: vec!["x".into(); usize::from(at == 1)], ..branch("A").merge.unwrap() };
        observe(&mut facts, name, Branch { name: format!("task/{name}"), merge: Some(merge), ..branch(name) });
        for (other, beside) in ids.iter().enumerate().skip(at + 1) {
            let meeting = match (at + other) % 5 {
                1 => Meeting::Collides { paths: vec!["x".into(); other], uncommitted: other % 2 == 0 },
                3 if other % 4 == 0 => Meeting::Unknown,
                _ => continue,
            };
            collisions.meetings.insert((id(name), id(beside)), meeting);
        }
    }
    let names = names(&file);
    decide(&file, (&facts, Some(&collisions)), &standings(&file, &facts, &names), &names, &Selection::Open).unwrap()
}

fn plain(status: &Status, columns: usize) -> String {
    anstream::adapter::strip_str(&matrix(status, columns)).to_string()
}

#[test]
fn three_tasks_stand_beside_their_titles() {
    assert_eq!(
        plain(&tasks(3, false), 80).lines().collect::<Vec<_>>(),
        [
            "                                  0 1 2 3",
            "  0  main                         \\ - 1 -",
            "  1  TASK-001  Title of TASK-001  - \\ 1 -",
            "  2  TASK-002  Title of TASK-002  1 1 \\ -",
            "  3  TASK-003  Title of TASK-003  - - - \\",
            "",
            "0 is main · a number counts conflicting paths · - merges cleanly",
        ]
    );
}

#[test]
fn thirty_tasks_fit_into_eighty_columns_and_no_line_is_ever_wider() {
    let text = plain(&tasks(30, false), 80);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0].trim_start(), "1 1 1 1 1 1 1 1 1 1 2 2 2 2 2 2 2 2 2 2 3");
    assert_eq!(lines[1].trim_start(), "0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0");
    assert!(lines[2].starts_with("   0  main "), "{text}");
    assert!(lines[32].starts_with("  30  TASK-030 "), "{text}");
    assert!(text.contains("+ ten or more") && text.contains("· not known") && text.contains("~ with"), "{text}");
    for (count, hostile) in [(3, true), (30, true), (30, false), (120, false), (120, true)] {
        let told = tasks(count, hostile);
        for columns in [30, 40, 60, 79, 80, 120, 200, 400] {
            let text = plain(&told, columns);
            let wide = text.lines().find(|line| width(line) > columns && line.starts_with("  "));
            assert_eq!(wide, None, "{count} {columns}\n{text}");
            assert!(!text.contains('\u{1b}'), "{text}");
            assert!((1..=count).all(|number| text.contains(&format!("TASK-{number:03}"))), "{columns}\n{text}");
        }
    }
}

/// What stands where row and column cross, read from the text alone.
#[test]
fn every_cell_stands_below_its_number() {
    let told = tasks(30, false);
    let matrix_of = told.matrix();
    let text = plain(&told, 200);
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    for (number, cells) in matrix_of.cells.iter().enumerate() {
        for (other, cell) in cells.iter().enumerate() {
            let digit = char::from(b'0' + (other % 10) as u8);
            let column = lines[1].iter().enumerate().filter(|(_, sign)| **sign != ' ').nth(other).unwrap();
            assert_eq!(*column.1, digit);
            let at = |offset: usize| lines[number + 2].get(column.0 + offset).copied().unwrap_or(' ');
            let expected = match cell {
                Cell::Same => ('\\', ' '),
                Cell::Clean => ('-', ' '),
                Cell::Unknown => ('·', ' '),
                Cell::Conflicts { paths, uncommitted } => {
                    let sign = if *paths < 10 { char::from(b'0' + *paths as u8) } else { '+' };
                    (sign, if *uncommitted { '~' } else { ' ' })
                }
            };
            assert_eq!((at(0), at(1)), expected, "{number} {other}");
        }
    }
}

#[test]
fn where_nothing_is_active_there_is_no_square() {
    let mut told = tasks(1, false);
    told.groups[0].rows[0].branch = None;
    assert_eq!(matrix(&told, 80), "No active task to compare.\n");
    told.groups.clear();
    assert_eq!(matrix(&told, 80), "Nothing is under way.\n\n  git dispatch plan\n");
}
