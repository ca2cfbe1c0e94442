//! Trees that no git would make: nothing is written through them, and they are refused as git refuses them.

use super::{TASKS, started};
use crate::support::Sandbox;

/// The id of a tree with these entries (mode, name, id), in this order and unchecked.
fn tree(sandbox: &Sandbox, entries: &[(&str, &[u8], &str)]) -> String {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend_from_slice(mode.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(name);
        bytes.push(0);
        bytes.extend((0..20).map(|at| u8::from_str_radix(&id[2 * at..2 * at + 2], 16).unwrap()));
    }
    written(sandbox, "tree", &bytes)
}

fn written(sandbox: &Sandbox, kind: &str, bytes: &[u8]) -> String {
    let output = sandbox.try_git_with(&["hash-object", "-t", kind, "-w", "--literally", "--stdin"], bytes);
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A repository whose `main` has such a tree; the main worktree stays as it was.
fn with_tree(make: impl Fn(&Sandbox, &str, &str) -> Vec<(&'static str, Vec<u8>, String)>) -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    let blob = written(&sandbox, "blob", b"written\n");
    let tasks = written(&sandbox, "blob", TASKS.as_bytes());
    let away = written(&sandbox, "blob", b"../away");
    let mut entries = make(&sandbox, &blob, &away);
    entries.push(("100644", b"dispatch.toml".to_vec(), tasks));
    if !entries.iter().any(|(_, name, _)| name == b"unsorted") {
        entries.sort_by_key(|(mode, name, _)| [name.as_slice(), if *mode == "40000" { b"/" } else { b"" }].concat());
    }
    let entries: Vec<_> = entries.iter().map(|(mode, name, id)| (*mode, name.as_slice(), id.as_str())).collect();
    let root = tree(&sandbox, &entries);
    let commit = sandbox.git(&["commit-tree", "-m", "odd", &root]);
    sandbox.git(&["update-ref", "refs/heads/main", &commit]);
    std::fs::create_dir(sandbox.root().join("away")).unwrap();
    sandbox
}

#[test]
fn no_tree_writes_outside_of_its_worktree_or_into_git_dirs() {
    let file =
        |name: &'static [u8]| move |_: &Sandbox, blob: &str, _: &str| vec![("100644", name.to_vec(), blob.to_owned())];
    let below = |name: &'static [u8], inner: &'static [u8]| {
        move |sandbox: &Sandbox, blob: &str, _: &str| {
            vec![("40000", name.to_vec(), tree(sandbox, &[("100644", inner, blob)]))]
        }
    };
    type Make = Box<dyn Fn(&Sandbox, &str, &str) -> Vec<(&'static str, Vec<u8>, String)>>;
    let clash = |first: &'static str| -> Make {
        Box::new(move |sandbox, blob, away| {
            let folder = ("40000", b"a".to_vec(), tree(sandbox, &[("100644", b"canary", blob)]));
            vec![(first, b"a".to_vec(), if first == "120000" { away } else { blob }.to_owned()), folder]
        })
    };
    let cases: Vec<(Make, bool)> = vec![
        (Box::new(file(b".git")), true),
        (Box::new(file(b"..")), true),
        (Box::new(file(b"../away/canary")), true),
        (Box::new(file(b"/tmp/git-dispatch-canary")), true),
        (Box::new(file(b".GIT")), true),
        (Box::new(file(b"git~1")), true),
        (Box::new(file(b"a\\..\\b")), false),
        (Box::new(below(b".git", b"config")), true),
        (Box::new(below(b".Git", b"config")), true),
        (Box::new(below(b"..", b"canary")), true),
        (Box::new(below(b"x", b"..")), true),
        (Box::new(below(b"x", b".git")), true),
        (clash("120000"), false),
        (clash("100644"), false),
        (
            Box::new(|_, blob, away| {
                vec![("120000", b"unsorted".to_vec(), away.to_owned()), ("100644", b"a".to_vec(), blob.to_owned())]
            }),
            false,
        ),
    ];
    for (at, (make, refused)) in cases.into_iter().enumerate() {
        let mut told = Vec::new();
        for checkout in ["auto", "git"] {
            let sandbox = with_tree(&make);
            sandbox.git(&["config", "dispatch.checkout", checkout]);
            let config = std::fs::read(sandbox.repo().join(".git/config")).unwrap();
            let (native, outcome) = started(&sandbox, &["A"]);
            assert!(!native, "{at}: {outcome:?}");
            assert!(!refused || outcome.code == Some(4), "{at}: {outcome:?}");
            let errors = outcome.stderr.lines().filter(|line| line.starts_with("error")).map(str::to_owned);
            let place = sandbox.root().display().to_string();
            told.push((outcome.code, errors.map(|line| line.replace(&place, "")).collect::<Vec<_>>()));
            assert_eq!(std::fs::read_dir(sandbox.root().join("away")).unwrap().count(), 0, "{at}");
            assert_eq!(std::fs::read(sandbox.repo().join(".git/config")).unwrap(), config, "{at}");
            assert!(!std::path::Path::new("/tmp/git-dispatch-canary").exists());
        }
        assert_eq!(told[0], told[1], "{at}");
    }
}

#[test]
fn a_missing_object_is_found_before_anything_is_written() {
    let sandbox = with_tree(|_, _, _| vec![("100644", b"gone".to_vec(), "12".repeat(20))]);
    let (native, outcome) = started(&sandbox, &["A"]);
    assert!(!native);
    outcome
        .exits(4)
        .says(&format!("object {} cannot be read", "12".repeat(20)))
        .says("unable to read sha1 file of gone");
}
