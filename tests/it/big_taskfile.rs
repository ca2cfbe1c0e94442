//! Task files as large as they may get: that they are read at all. How fast is a benchmark's business.

use std::fmt::Write as _;

use crate::support::Sandbox;

/// A file with `tasks` tasks, each with up to `needs` needs among the two thousand before it, always the same.
/// `generate(100_000, 5)` is what the promise of `lint` is measured with: 24 MB.
pub fn generate(tasks: u32, needs: u32) -> String {
    let mut text = String::from("version = 1\ntarget = \"main\"\nworkers = 3\n");
    let mut state = 1u64;
    for task in 0..tasks {
        let window = task.min(2000);
        let mut chosen = std::collections::BTreeSet::new();
        for _ in 0..needs.min(window) {
            // Knuth's MMIX generator: spread is all that counts here.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            chosen.insert(task - 1 - (state >> 33) as u32 % window);
        }
        let list: Vec<String> = chosen.iter().map(|need| format!("\"T-{need:06}\"")).collect();
        let _ = write!(
            text,
            "\n[task.T-{task:06}]\ntitle = \"Task number {task} of a very large plan\"\nphase = \"phase-{}\"\nestimate = \"{}h\"\n\
             needs = [{}]\nwrites = [\"src/module{}/part{task}/**\"]\nreads = [\"src/types/mod{}.rs\"]\n",
            task / 10_000,
            1 + task % 8,
            list.join(", "),
            task / 100,
            task % 50,
        );
    }
    text
}

#[test]
fn a_file_of_several_parts_is_read_whole() {
    let sandbox = Sandbox::new();
    let text = generate(10_000, 5);
    sandbox.write("dispatch.toml", &text);
    sandbox.dispatch(&["lint"]).assert().success().stdout("dispatch.toml: 10000 tasks, no faults\n");
    let line = text.lines().count() + 2;
    sandbox.write("dispatch.toml", &format!("{text}[task.Z]\nneeds = [\"T-0\"]\n"));
    let assert = sandbox.dispatch(&["lint"]).assert().code(2);
    let said = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(said.contains(&format!("--> dispatch.toml:{line}:10\n")), "{said}");
}
