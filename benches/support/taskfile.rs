//! Task files as large as they may get, always the same.

use std::fmt::Write as _;
use std::io::{self, Write};

/// A file with `tasks` tasks, each with up to `needs` needs among the two thousand before it.
/// `generate(100_000, 5)` is what the promises of `lint` and `plan` are measured with: 24 MB.
pub fn generate(tasks: u32, needs: u32) -> String {
    let mut text = Vec::new();
    write(&mut text, tasks, needs, 0).unwrap();
    String::from_utf8(text).unwrap()
}

/// Writes it piece by piece, the first `ready` tasks without needs.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, tasks: u32, needs: u32, ready: u32) -> io::Result<()> {
    out.write_all(b"version = 1\ntarget = \"main\"\nworkers = 3\n")?;
    let mut state = 1u64;
    for task in 0..tasks {
        let window = if task < ready { 0 } else { task.min(2000) };
        let mut chosen = std::collections::BTreeSet::new();
        for _ in 0..needs.min(window) {
            // Knuth's MMIX generator: spread is all that counts here.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            chosen.insert(task - 1 - (state >> 33) as u32 % window);
        }
        let list: Vec<String> = chosen.iter().map(|need| format!("\"T-{need:06}\"")).collect();
        out.write_all(text_of(task, &list.join(", ")).as_bytes())?;
    }
    Ok(())
}

fn text_of(task: u32, needs: &str) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "\n[task.T-{task:06}]\ntitle = \"Task number {task} of a very large plan\"\nphase = \"phase-{}\"\nestimate = \"{}h\"\n\
         needs = [{needs}]\nwrites = [\"src/module{}/part{task}/**\"]\nreads = [\"src/types/mod{}.rs\"]\n",
        task / 10_000,
        1 + task % 8,
        task / 100,
        task % 50,
    );
    text
}
