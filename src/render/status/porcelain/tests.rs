use proptest::prelude::*;

use super::*;
use crate::model::facts::{Branch, Observed};
use crate::model::sample::{branch, facts, file, id, names, oid, with};
use crate::model::standing::standings;
use crate::model::status::{Selection, status as decide};

/// A has touched these paths, and conflicts in them.
fn told(paths: &[TreePath]) -> Status {
    let mut file = with(file(&["A"]), "A", |task| task.writes = vec!["declared".parse().unwrap()]);
    file = with(file, "A", |task| task.title = "no part of it".to_owned());
    let mut facts = facts();
    let merge =
        branch("A").merge.map(|merge| crate::model::facts::Merge { clean: false, conflicts: paths.to_vec(), ..merge });
    let tip = Branch { touched: Some(paths.to_vec()), merge, ..branch("A") };
    facts.tasks.insert(id("A"), Observed { branch: Some(tip), ..Observed::default() });
    let names = names(&file);
    let mut status =
        decide(&file, (&facts, None), &standings(&file, &facts, &names), &names, &Selection::Open).unwrap();
    let collision = Collision { with: id("B"), paths: paths.to_vec(), uncommitted: true };
    status.groups[0].rows[0].collisions = Some(vec![collision]);
    status.groups[0].rows[0].uncertain = vec![id("C")];
    status
}

#[test]
fn each_kind_of_line_has_its_fields_in_order() {
    let text = String::from_utf8(porcelain(&told(&["a b".into(), "new\nline".into()]), false)).unwrap();
    let (base, tip, target) = (oid('a'), oid('b'), oid('a'));
    assert_eq!(
        text,
        format!(
            "\
# git-dispatch status 1
target {target} main
task A active - 2 2 0 - - - - conflict f. - 1 2 {base} {tip} task/A
conflict A committed a b
conflict A committed \"new\\nline\"
collision A B uncommitted a b
collision A B uncommitted \"new\\nline\"
uncertain A C
drift A committed a b
drift A committed \"new\\nline\"
"
        )
    );
}

/// The bytes that a quoted path stands for, by the rules of git (`quote.c`).
fn unquoted(text: &[u8]) -> Vec<u8> {
    let Some(inner) = text.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else { return text.to_vec() };
    let mut bytes = inner.iter().copied();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next().unwrap() {
            b'a' => 7,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            octal @ b'0'..=b'3' => {
                let digits = [octal, bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 8).unwrap()
            }
            other => other,
        });
    }
    out
}

fn lines(bytes: &[u8], end: u8) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == end).collect();
    assert_eq!(lines.pop(), Some(&b""[..]), "the last line ends, too");
    lines
}

proptest! {
    #[test]
    fn both_forms_say_the_same_and_hold_every_path_as_it_is(
        paths in prop::collection::btree_set(prop::collection::vec(1u8..=255, 1..12), 1..6),
    ) {
        let paths: Vec<TreePath> = paths.into_iter().map(TreePath::new).collect();
        let status = told(&paths);
        let (quoted, raw) = (porcelain(&status, false), porcelain(&status, true));
        prop_assert!(quoted.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~')));
        let (quoted, raw) = (lines(&quoted, b'\n'), lines(&raw, 0));
        prop_assert_eq!(quoted.len(), raw.len());
        let mut found: Vec<TreePath> = Vec::new();
        for (quoted, raw) in quoted.iter().zip(raw) {
            let kind = quoted.split(|byte| *byte == b' ').next().unwrap();
            let before = match kind { b"conflict" | b"drift" => 3, b"collision" => 4, _ => 0 };
            let last = |line: &[u8]| line.splitn(before + 1, |byte| *byte == b' ').last().unwrap().to_vec();
            prop_assert_eq!(&unquoted(&last(quoted)), &last(raw));
            if kind == b"drift" {
                found.push(TreePath::new(last(raw)));
            }
        }
        prop_assert_eq!(found, paths);
    }
}
