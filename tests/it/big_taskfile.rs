//! Task files as large as they may get: that they are read at all. How fast is a benchmark's business.

use crate::support::Sandbox;
use crate::taskfile::generate;

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
