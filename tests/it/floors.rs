//! Imports only look down; rooms of one floor never meet.

use std::path::{Path, PathBuf};

fn floor(room: &str) -> u8 {
    match room {
        "model" => 1,
        "git" | "render" | "session" | "shell" | "trust" | "console" | "screen" => 2,
        "global" => 3,
        "read" => 4,
        "command" => 5,
        "cli" => 6,
        "main" | "lib" => 7,
        other => panic!("which floor is '{other}' on? say so in tests/it/floors.rs"),
    }
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn imports_only_look_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 10, "the sources were not found");
    let mut faults = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let room = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        for (number, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for import in line.split("crate::").skip(1) {
                let other: String = import.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                let allowed = floor(&other) < floor(room) || other == room;
                if !allowed {
                    faults.push(format!("src/{}:{}: '{room}' looks at '{other}'", inside.display(), number + 1));
                }
            }
            // Below a command's own folder, `super` is that command.
            let above = if inside.components().count() > 2 { "super::super::" } else { "super::" };
            if room == "command" && line.contains(above) && !line.contains("super::*") {
                faults.push(format!("src/{}:{}: commands do not call each other", inside.display(), number + 1));
            }
            if room != "git" && (line.contains("gix::") || line.contains("gix_")) {
                faults.push(format!("src/{}:{}: gix stays in 'git'", inside.display(), number + 1));
            }
            if room != "screen" && line.contains("crossterm::") {
                faults.push(format!("src/{}:{}: the terminal is taken in 'screen' only", inside.display(), number + 1));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
