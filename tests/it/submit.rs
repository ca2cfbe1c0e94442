//! `git dispatch submit`: real pushes to real remotes; the programs of forges are stand-ins that write down what they are told.

use std::path::PathBuf;

use serde_json::json;

use crate::support::Sandbox;

const TASKS: &str = "[task.A]\ntitle = \"First\"\ndone-when = \"it works\"\n[task.B]\n[task.C]\nneeds = [\"A\"]\n";

/// A and B were started and reported done; `origin` is a bare repository beside, which main was pushed to.
fn done() -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    remote(&sandbox);
    sandbox.ok(&["start", "A", "B"]);
    for id in ["A", "B"] {
        sandbox.commit_in(&sandbox.place(id), &[(id, "1\n")], "work");
        sandbox.ok(&["report", id, "--done"]);
    }
    sandbox
}

fn remote(sandbox: &Sandbox) {
    sandbox.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../remote.git"]);
    sandbox.git(&["remote", "add", "origin", &format!("file://{}/remote.git", sandbox.root().display())]);
    sandbox.git(&["push", "--quiet", "-u", "origin", "main"]);
}

/// What `origin` has.
fn there(sandbox: &Sandbox) -> Vec<String> {
    let refs =
        sandbox.git_in(&sandbox.root().join("remote.git"), &["for-each-ref", "--format=%(refname) %(objectname)"]);
    refs.lines().filter(|line| !line.contains("refs/heads/main ")).map(str::to_owned).collect()
}

fn rev(sandbox: &Sandbox, name: &str) -> String {
    sandbox.git(&["rev-parse", name])
}

/// A stand-in for `gh` or `glab`: keeps its arguments, each behind its length, and its input, and answers from files.
fn client(sandbox: &mut Sandbox, name: &str) -> PathBuf {
    let root = sandbox.root().join(name);
    std::fs::create_dir(&root).unwrap();
    let body = format!(
        "cd '{}' || exit 9\n\
         for word; do printf '%s\\0' \"$word\"; done >>calls; printf '\\n\\0' >>calls\n\
         cat >input.new; [ -s input.new ] && cp input.new input\n\
         [ \"$2\" = create ] && cp created list 2>/dev/null\n\
         [ -e \"kill.$2\" ] && {{ rm \"kill.$2\"; kill -9 $PPID; exit 1; }}\n\
         [ -e \"fail.$2\" ] && {{ cat \"fail.$2\" >&2; exit 1; }}\n\
         [ \"$1\" = auth ] && {{ [ -e account ] && [ \"$3\" = --hostname=\"$(cat account)\" ]; exit; }}\n\
         cat \"$2\" 2>/dev/null; exit 0\n",
        root.display()
    );
    let script = sandbox.script(&format!("bin/{name}"), &body);
    let path = sandbox.path();
    sandbox.env("PATH", &format!("{}:{path}", script.parent().unwrap().display()));
    root
}

/// What the stand-in was told since the last time: a list of words for each call.
fn calls(root: &std::path::Path) -> Vec<Vec<String>> {
    let told = std::fs::read_to_string(root.join("calls")).unwrap_or_default();
    let _ = std::fs::remove_file(root.join("calls"));
    let calls = told.split("\0\n\0").filter(|call| !call.is_empty());
    calls.map(|call| call.split('\0').map(str::to_owned).collect()).collect()
}

fn say(root: &std::path::Path, file: &str, text: &str) {
    std::fs::write(root.join(file), text).unwrap();
}

/// A and B are done in a repository whose remote has this address for SSH; what is pushed there goes to the bare repository beside.
fn on_forge(url: &str) -> Sandbox {
    let sandbox = done();
    let bare = sandbox.root().join("remote.git");
    let ssh = sandbox.script("ssh", &format!("exec git receive-pack '{}'\n", bare.display()));
    sandbox.git(&["config", "core.sshCommand", ssh.to_str().unwrap()]);
    sandbox.git(&["config", "ssh.variant", "ssh"]);
    sandbox.git(&["remote", "set-url", "origin", url]);
    sandbox
}

#[test]
fn what_is_done_is_pushed_and_run_again_nothing_happens() {
    let sandbox = done();
    let before = sandbox.snapshot();
    let would = sandbox.ok(&["submit", "-n"]);
    would.answers("A would be pushed to origin: task/A at ").answers("as a new branch").answers("B would be");
    assert_eq!((sandbox.snapshot(), there(&sandbox)), (before, vec![]));
    let told =
        sandbox.ok(&["submit", "A"]).answers("A pushed to origin: task/A at ").answers("  no page to open: 'file://");
    assert!(!told.stdout.contains("B "), "{told:#?}");
    assert_eq!(there(&sandbox), [format!("refs/heads/task/A {}", rev(&sandbox, "task/A"))]);
    assert_eq!(rev(&sandbox, "origin/task/A"), rev(&sandbox, "task/A"));
    let json = sandbox.ok(&["submit", "--json"]).json();
    let one = |at: usize, key: &str| json["tasks"][at][key].clone();
    assert_eq!((one(0, "id"), one(0, "push"), one(0, "up_to_date")), (json!("A"), json!("same"), json!(true)));
    assert_eq!((one(1, "id"), one(1, "push"), one(1, "request")), (json!("B"), json!("new"), json!("unknown")));
    assert_eq!(sandbox.count("submitted"), 2);
    let before = sandbox.snapshot();
    sandbox.ok(&["submit"]).answers("A is up to date on origin").answers("B is up to date on origin");
    assert_eq!((sandbox.snapshot(), sandbox.count("submitted")), (before, 2));
    sandbox.ok(&["log"]).answers(&format!("  A submitted at {}\n", &rev(&sandbox, "task/A")[..7]));
    let log = sandbox.ok(&["log", "--json"]).json();
    assert_eq!(log["batches"][0]["tasks"][0]["submissions"][0]["tip"], rev(&sandbox, "task/A"));
}

#[test]
fn more_work_goes_forward_and_a_rebase_replaces_only_what_was_pushed_from_here() {
    let sandbox = done();
    sandbox.ok(&["submit", "A"]);
    let first = rev(&sandbox, "task/A");
    sandbox.commit_in(&sandbox.place("A"), &[("A", "2\n")], "more");
    sandbox.refuses(&["submit", "A"], 3, "task 'A' has other work since it was reported done");
    sandbox.ok(&["report", "A", "--done"]);
    sandbox.ok(&["submit", "A"]).answers(&format!(", which was at {}", &first[..7]));
    let second = rev(&sandbox, "task/A");
    sandbox.git_in(&sandbox.place("A"), &["commit", "--quiet", "--amend", "-m", "other words"]);
    sandbox.ok(&["report", "A", "--done"]);
    sandbox.ok(&["submit", "A", "-n"]).answers(&format!("in place of {}, as it was rebased", &second[..7]));
    sandbox.ok(&["submit", "A"]).answers(&format!("in place of {}, as it was rebased", &second[..7]));
    assert_eq!(there(&sandbox), [format!("refs/heads/task/A {}", rev(&sandbox, "task/A"))]);
    // Somebody else pushes, and we do not know yet.
    let other = sandbox.root().join("other");
    sandbox.git(&["clone", "--quiet", "../remote.git", other.to_str().unwrap()]);
    sandbox.git_in(&other, &["checkout", "--quiet", "task/A"]);
    let theirs = sandbox.commit_in(&other, &[("theirs", "1\n")], "theirs");
    sandbox.git_in(&other, &["push", "--quiet", "origin", "task/A"]);
    sandbox.git_in(&sandbox.place("A"), &["commit", "--quiet", "--amend", "-m", "again"]);
    sandbox.ok(&["report", "A", "--done"]);
    let lost = sandbox.run(&["submit"]).exits(4).says("could not push 'task/A' to 'origin'").says("(stale info)");
    lost.says("hint: use 'git fetch origin' to get").answers("B pushed to origin");
    assert!(there(&sandbox).contains(&format!("refs/heads/task/A {theirs}")));
    // And then we do.
    sandbox.git(&["fetch", "--quiet", "origin"]);
    let refused = sandbox.run(&["submit", "A"]).exits(3).says("'origin/task/A' has commits that are not in task 'A'");
    refused.says("git log task/A..origin/task/A");
    assert!(there(&sandbox).contains(&format!("refs/heads/task/A {theirs}")));
    // Behind them, a plain push is rejected, too.
    sandbox.git(&["update-ref", "-d", "refs/remotes/origin/task/A"]);
    sandbox.run(&["submit", "A"]).exits(1).says("[rejected]").says("hint: use 'git fetch origin'");
    assert!(there(&sandbox).contains(&format!("refs/heads/task/A {theirs}")));
}

#[test]
fn what_may_not_land_is_refused_and_nothing_is_pushed() {
    let sandbox = done();
    let place = sandbox.place("A");
    sandbox.refuses(&["submit", "X"], 2, "no task 'X'");
    sandbox.refuses(&["submit", "C"], 3, "task 'C' was not started");
    let from = sandbox.run_in(&place, &["submit", "A"]).exits(3).says("this is the worktree of task 'A'");
    from.says("git dispatch submit --from-worktree A");
    crate::support::write_in(&place, "left", "1\n");
    sandbox.refuses(&["submit", "A", "B"], 3, "'left' is not committed").says(" status' to see what is there");
    sandbox.ok(&["submit"]).answers("B pushed").says("warning: task 'A' has changes in '");
    std::fs::remove_file(place.join("left")).unwrap();
    sandbox.ok(&["review", "A", "--halt", "stop", "--as", "eve"]);
    sandbox.refuses(&["submit", "A"], 3, "task 'A' is halted");
    assert_eq!(there(&sandbox).len(), 1);
    sandbox.git(&["remote", "remove", "origin"]);
    sandbox.run(&["submit", "B"]).exits(3).says("there is no remote to push to").says("git remote add origin URL");
}

#[test]
fn hooks_of_the_user_run_and_those_of_the_branch_do_not() {
    let sandbox = done();
    let canary = sandbox.root().join("canary");
    let place = sandbox.place("B");
    for (folder, word) in [(sandbox.repo().join("hooks"), "user"), (place.join("hooks"), "branch")] {
        crate::support::write_in(&folder, "pre-push", &format!("#!/bin/sh\necho {word} >>'{}'\n", canary.display()));
        std::fs::set_permissions(folder.join("pre-push"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    sandbox.commit_in(&place, &[], "hooks");
    sandbox.ok(&["report", "B", "--done"]);
    sandbox.git(&["config", "core.hooksPath", "hooks"]);
    sandbox.ok(&["submit", "B"]);
    assert_eq!(std::fs::read_to_string(&canary).unwrap(), "user\n");
    // A hook that says no keeps it here, in its own words.
    let no = "#!/bin/sh\necho \"not \u{1b}[31mtoday\" >&2\nexit 1\n";
    crate::support::write_in(&sandbox.repo(), "hooks/pre-push", no);
    sandbox.run(&["submit", "A"]).exits(1).says("not \\e[31mtoday").says("git dispatch submit A' to try again");
    assert_eq!(there(&sandbox).len(), 1);
    // With the branch in the main worktree, what lies there is the branch's.
    sandbox.git(&["worktree", "unlock", place.to_str().unwrap()]);
    sandbox.git(&["worktree", "remove", place.to_str().unwrap()]);
    std::fs::remove_dir_all(sandbox.repo().join("hooks")).unwrap();
    sandbox.git(&["checkout", "--quiet", "task/B"]);
    sandbox.commit(&[("B", "2\n")], "more");
    std::fs::remove_file(&canary).unwrap();
    sandbox.ok(&["report", "B", "--done"]);
    sandbox.ok(&["submit", "B"]).answers("B pushed to origin").says("no hook was run");
    assert!(!canary.exists());
}

#[test]
fn a_remote_that_refuses_is_told_in_its_own_words_without_secrets() {
    let sandbox = done();
    let hook = "#!/bin/sh\necho 'protected: ask \u{1b}]0;Eve' >&2\nexit 1\n";
    crate::support::write_in(&sandbox.root(), "remote.git/hooks/pre-receive", hook);
    let path = sandbox.root().join("remote.git/hooks/pre-receive");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let refused = sandbox.run(&["submit"]).exits(1).says("pre-receive hook declined").says("protected: ask \\e]0;Eve");
    assert_eq!(refused.stdout, "");
    assert_eq!((there(&sandbox).len(), sandbox.count("submitted")), (0, 0));
    // An address in place of a name, with a password, that leads nowhere.
    sandbox.git(&["config", "branch.task/A.pushRemote", "http://ada:s3cretword@127.0.0.1:1/a/b.git"]);
    let failed = sandbox.run(&["submit", "A"]).exits(1).says("could not push 'task/A' to 'http://127.0.0.1:1/a/b.git'");
    assert!(!failed.stderr.contains("s3cretword"), "{failed:#?}");
}

#[test]
fn without_a_program_the_page_to_open_is_printed_and_no_secret() {
    let mut sandbox = on_forge("git@github.com:ada/neon.git");
    let empty = sandbox.root().join("none");
    std::fs::create_dir(&empty).unwrap();
    for program in ["git", "sh", "cat", "ssh"] {
        if let Some(found) = git_dispatch::git::find_program(program) {
            std::os::unix::fs::symlink(found, empty.join(program)).unwrap();
        }
    }
    sandbox.env("PATH", empty.to_str().unwrap());
    let page = "https://github.com/ada/neon/compare/main...task/A?expand=1";
    sandbox.ok(&["submit", "A", "-n"]).answers(&format!("  the pull request would be opened at {page}\n"));
    let json = sandbox.ok(&["submit", "A", "--json"]).json();
    let task = &json["tasks"][0];
    assert_eq!((&task["request"], &task["page"], &task["forge"]), (&json!("page"), &json!(page), &json!("github")));
    sandbox
        .ok(&["submit", "A"])
        .answers("A is up to date on origin")
        .answers(&format!("open the pull request at {page}"));
    // From a fork, into a branch of another name.
    sandbox.git(&["remote", "add", "upstream", "https://ada:s3cretword@github.com/team/neon.git"]);
    sandbox.git(&["config", "branch.main.remote", "upstream"]);
    sandbox.git(&["config", "branch.main.merge", "refs/heads/release/2"]);
    sandbox.git(&["config", "remote.pushDefault", "origin"]);
    let told = sandbox.ok(&["submit", "A"]);
    let told = told.answers("https://github.com/team/neon/compare/release/2...ada:task/A?expand=1");
    assert!(!format!("{told:?}").contains("s3cretword"));
    sandbox.git(&["remote", "set-url", "origin", "ssh://git@git.example.org:2222/g/s/p"]);
    sandbox.ok(&["submit", "A"]).answers("is pushed to 'git.example.org', and the target is at 'github.com'");
    sandbox.git(&["config", "branch.main.remote", "origin"]);
    sandbox.ok(&["submit", "A"]).answers("no page to open: which forge 'git.example.org' is");
    sandbox.git(&["config", "dispatch.forge", "gitlab"]);
    sandbox.git(&["config", "branch.main.remote", "origin"]);
    sandbox
        .ok(&["submit", "A"])
        .answers("https://git.example.org/g/s/p/-/merge_requests/new?merge_request%5Bsource_branch%5D=");
    sandbox.git(&["config", "dispatch.forge", "gitea"]);
    sandbox.refuses(&["submit", "A"], 2, "bad config value 'gitea' for 'dispatch.forge'");
}

#[test]
fn gh_opens_a_request_once_and_keeps_what_people_wrote() {
    let mut sandbox = on_forge("git@github.com:ada/neon.git");
    let gh = client(&mut sandbox, "gh");
    let address = "https://github.com/ada/neon/pull/12";
    say(&gh, "list", "[]");
    say(&gh, "create", &format!("{address}\n"));
    sandbox.ok(&["submit", "A", "-n"]).answers("  would open a pull request: First (A)\n");
    assert_eq!(calls(&gh), Vec::<Vec<String>>::new());
    sandbox.ok(&["submit", "A", "--draft"]).answers(&format!("  opened #12: {address}\n"));
    let told = calls(&gh);
    let find = ["pr", "list", "--repo=github.com/ada/neon", "--head=task/A", "--state=open", "--limit=50"];
    assert_eq!(told[0][..6], find);
    let open = ["pr", "create", "--repo=github.com/ada/neon", "--head=task/A", "--base=main", "--title=First (A)"];
    assert_eq!(
        (told[1][..6].to_vec(), &told[1][6..]),
        (open.map(str::to_owned).to_vec(), &["--body-file=-".to_owned(), "--draft".to_owned()][..])
    );
    let body = std::fs::read_to_string(gh.join("input")).unwrap();
    assert!(
        body.starts_with("<!-- git-dispatch: ") && body.contains("\nTask A: First\n\nDone when: it works\n"),
        "{body}"
    );
    assert!(body.contains("Follow-ups:\n\n- wait for this to land: C\n"), "{body}");
    assert!(body.ends_with("<!-- git-dispatch: end -->\n\nTask: A\n"), "{body}");
    assert_eq!(sandbox.row("A")["pr"], "#12");
    sandbox.ok(&["status"]).answers("done (PR #12)");
    sandbox.ok(&["log"]).answers(" as #12\n");
    // There it is, as it was made: nothing is done.
    let list = |title: &str, body: &str| json!([{ "number": 12, "url": address, "title": title, "body": body, "headRepositoryOwner": { "login": "Ada" } }]);
    say(&gh, "list", &list("First (A)", &body.replace('\n', "\r\n")).to_string());
    sandbox
        .ok(&["submit", "A"])
        .answers("A is up to date on origin")
        .answers(&format!("  #12 is as it should be: {address}\n"));
    assert_eq!((calls(&gh).len(), sandbox.count("submitted")), (1, 1));
    // More work, words of people around ours, and a title of their own.
    sandbox.commit_in(&sandbox.place("A"), &[("A", "2\n")], "more");
    crate::support::write_in(&sandbox.root(), "words", "two\nlines @all\n");
    sandbox.ok(&["report", "A", "--done", "--text", "../words"]);
    say(&gh, "list", &list("Their title", &format!("Please look.\n\n{body}\nThanks.\n")).to_string());
    sandbox.ok(&["submit", "A"]).answers("A pushed to origin").answers("  brought #12 up to date");
    let told = calls(&gh);
    assert_eq!(told[1], ["pr", "edit", "12", "--repo=github.com/ada/neon", "--body-file=-"]);
    let now = std::fs::read_to_string(gh.join("input")).unwrap();
    assert!(
        now.starts_with("Please look.\n\n<!-- git-dispatch: ") && now.ends_with("\n\nThanks.\n\nTask: A\n"),
        "{now}"
    );
    assert!(now.contains(":\n\n```text\ntwo\nlines @all\n```\n"), "{now}");
    // Somebody took the marks away.
    say(&gh, "list", &list("Their title", "my words").to_string());
    let kept = sandbox.ok(&["submit", "A"]).answers("#12 keeps the description that somebody wrote");
    kept.says("warning: #12 has a description without the marks");
    assert_eq!(calls(&gh).len(), 1);
}

#[test]
fn a_hostile_title_is_a_word_and_nothing_of_it_is_run() {
    let title = "--web\\u001b[2J `id` $(touch canary) ; \\\"x\\\" \\u202e\\nsecond";
    let sandbox = Sandbox::with_tasks(
        &format!("message = \"{{{{ title }}}}\"\n[task.A]\ntitle = \"{title}\"\n").replace("\\\\", "\\"),
    );
    remote(&sandbox);
    sandbox.ok(&["start", "A"]);
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.ok(&["report", "A", "--done"]);
    let bare = sandbox.root().join("remote.git");
    let ssh = sandbox.script("ssh", &format!("exec git receive-pack '{}'\n", bare.display()));
    sandbox.git(&["config", "core.sshCommand", ssh.to_str().unwrap()]);
    sandbox.git(&["config", "ssh.variant", "ssh"]);
    sandbox.git(&["remote", "set-url", "origin", "git@gitlab.example.org:g/s/p.git"]);
    let mut sandbox = sandbox;
    let glab = client(&mut sandbox, "glab");
    say(&glab, "list", "[]");
    say(&glab, "create", "!7 x (task/A)\n https://gitlab.example.org/g/s/p/-/merge_requests/7\n");
    sandbox.ok(&["submit"]).answers("  opened !7: https://gitlab.example.org/g/s/p/-/merge_requests/7\n");
    let told = calls(&glab);
    assert_eq!(
        told[0],
        ["mr", "list", "--repo=https://gitlab.example.org/g/s/p", "--source-branch=task/A", "--output=json"]
    );
    assert_eq!(told[1][..2], ["mr", "create"]);
    assert_eq!(told[1][5], "--title=--web\\e[2J `id` $(touch canary) ; \"x\" \\u{202e}");
    assert!(
        told[1][6].starts_with("--description=<!-- git-dispatch") && told[1][6].ends_with("\n\nTask: A\n"),
        "{:?}",
        told[1]
    );
    assert_eq!(told[1][7..], ["--yes"]);
    // Another title of the task goes along, and what GitLab puts before it stays.
    let description = told[1][6].strip_prefix("--description=").unwrap();
    let title = told[1][5].strip_prefix("--title=").unwrap();
    let list = json!([{
        "iid": 7, "web_url": "https://gitlab.example.org/g/s/p/-/merge_requests/7", "title": format!("Draft: {title}"),
        "description": description, "source_project_id": 1, "target_project_id": 1
    }]);
    say(&glab, "list", &list.to_string());
    sandbox.git(&["branch", "-f", "elsewhere"]);
    sandbox.write("dispatch.toml", "message = \"{{ id }}: done\"\n[task.A]\n");
    sandbox.ok(&["submit"]).answers("brought !7 up to date");
    let update = calls(&glab).remove(1);
    assert_eq!(update[..5], ["mr", "update", "7", "--repo=https://gitlab.example.org/g/s/p", "--title=Draft: A: done"]);
}

#[test]
fn what_the_program_of_the_forge_says_is_told_and_the_same_command_goes_on() {
    let mut sandbox = on_forge("https://github.com/ada/neon");
    sandbox.git(&["config", "remote.origin.pushurl", "git@github.com:ada/neon.git"]);
    let gh = client(&mut sandbox, "gh");
    say(&gh, "list", "[]");
    say(&gh, "fail.create", "gh: \u{1b}[2Jnot logged in\n");
    let failed =
        sandbox.run(&["submit", "A", "--json"]).exits(4).says("'gh pr create' failed: gh: \\e[2Jnot logged in");
    let failed = failed.says("git dispatch submit A' to go on from here").says("git dispatch submit A --print'");
    assert_eq!((failed.stdout.as_str(), sandbox.count("submitted"), there(&sandbox).len()), ("", 0, 1));
    // Another process was faster: what it opened is taken.
    let one = |number: u64, owner: &str| json!({ "number": number, "url": format!("https://github.com/ada/neon/pull/{number}"), "title": "x", "body": "theirs", "headRepositoryOwner": { "login": owner } });
    say(&gh, "created", &json!([one(8, "eve"), one(9, "ada")]).to_string());
    sandbox.ok(&["submit", "A"]).answers("A is on origin").answers("#9 keeps the description");
    assert_eq!(sandbox.events().last().unwrap()["pr"], "#9");
    // Of several, the recorded one counts.
    say(&gh, "list", &json!([one(10, "ada"), one(9, "ada")]).to_string());
    sandbox.ok(&["submit", "A"]).answers("#9 keeps the description");
    sandbox.run(&["submit", "B"]).exits(4).says("'task/B' has several pull requests: #10, #9");
    say(&gh, "list", "nonsense {");
    sandbox.run(&["submit", "A"]).exits(4).says("'gh' gave an answer that is no list of requests");
}

#[test]
fn at_an_unknown_host_the_program_that_has_an_account_there_is_asked() {
    let mut sandbox = on_forge("git@git.example.org:ada/neon.git");
    let (gh, glab) = (client(&mut sandbox, "gh"), client(&mut sandbox, "glab"));
    let path = format!("{}:{}", sandbox.root().join("bin").display(), sandbox.path());
    sandbox.env("PATH", &path);
    sandbox.ok(&["submit", "A"]).answers("which forge 'git.example.org' is, 'dispatch.forge' does not say");
    say(&glab, "account", "git.example.org");
    say(&glab, "list", "[]");
    say(&glab, "create", "https://git.example.org/ada/neon/-/merge_requests/3\n");
    sandbox.ok(&["submit", "A"]).answers("opened !3");
    let asked = calls(&gh);
    assert!(asked.iter().all(|call| *call == ["auth", "status", "--hostname=git.example.org"]), "{asked:?}");
}

/// As GitHub squashes: the description becomes the message, and the branch goes.
#[test]
fn a_squash_with_the_description_is_recognised_in_any_clone() {
    let mut sandbox = on_forge("git@github.com:ada/neon.git");
    let gh = client(&mut sandbox, "gh");
    say(&gh, "list", "[]");
    say(&gh, "create", "https://github.com/ada/neon/pull/12\n");
    sandbox.ok(&["submit", "A"]);
    let body = std::fs::read_to_string(gh.join("input")).unwrap();
    let (bare, other, here) =
        (sandbox.root().join("remote.git"), sandbox.root().join("other"), sandbox.root().join("third"));
    for clone in [&other, &here] {
        sandbox.git(&["clone", "--quiet", bare.to_str().unwrap(), clone.to_str().unwrap()]);
    }
    sandbox.git_in(&other, &["merge", "--quiet", "--squash", "origin/task/A"]);
    let message = format!("First (A) (#12)\n\n{body}");
    sandbox.git_in(&other, &["commit", "--quiet", "-m", &message]);
    // Edited nearby at once, so that nothing but the message tells.
    sandbox.commit_in(&other, &[("A", "2\n")], "more");
    sandbox.git_in(&other, &["push", "--quiet", "origin", "HEAD:main", ":task/A"]);
    sandbox.git(&["push", "--quiet", bare.to_str().unwrap(), "refs/notes/dispatch"]);
    sandbox
        .git_in(&here, &["fetch", "--quiet", "--prune", "origin", "refs/notes/dispatch:refs/notes/dispatch", "main"]);
    sandbox.git_in(&here, &["pull", "--quiet", "--prune", "--ff-only", "origin", "main"]);
    sandbox.git_in(&here, &["fetch", "--quiet", "--prune", "origin"]);
    let row = sandbox.run_in(&here, &["status", "--json", "A"]).exits(0).task("A");
    assert_eq!((&row["state"], &row["proof"], &row["pr"]), (&json!("landed"), &json!("message"), &json!("#12")));
}

#[test]
fn killed_once_the_request_is_open_the_same_command_records_it_and_opens_no_other() {
    let mut sandbox = on_forge("git@github.com:ada/neon.git");
    let gh = client(&mut sandbox, "gh");
    say(&gh, "list", "[]");
    say(&gh, "kill.create", "");
    let _ = sandbox.run(&["submit", "A"]);
    assert_eq!((there(&sandbox).len(), sandbox.count("submitted"), calls(&gh).len()), (1, 0, 2));
    let body = std::fs::read_to_string(gh.join("input")).unwrap();
    let one = json!([{
        "number": 12, "url": "https://github.com/ada/neon/pull/12", "title": "First (A)", "body": body,
        "headRepositoryOwner": { "login": "ada" }
    }]);
    say(&gh, "list", &one.to_string());
    sandbox.ok(&["submit", "A"]).answers("A is on origin").answers("#12 is as it should be");
    let told = calls(&gh);
    assert_eq!((told.len(), told[0][1].as_str(), sandbox.count("submitted")), (1, "list", 1));
    sandbox.ok(&["submit", "A"]).answers("A is up to date on origin");
    assert_eq!(sandbox.count("submitted"), 1);
}

/// What a note says was pushed from here may be another's word.
#[test]
fn a_forged_record_replaces_nothing() {
    let sandbox = done();
    let other = sandbox.root().join("other");
    sandbox.git(&["clone", "--quiet", "../remote.git", other.to_str().unwrap()]);
    let theirs = sandbox.commit_in(&other, &[("theirs", "1\n")], "theirs");
    sandbox.git_in(&other, &["push", "--quiet", "origin", "HEAD:refs/heads/task/A"]);
    sandbox.git(&["fetch", "--quiet", "origin"]);
    let starting = sandbox.events().into_iter().find(|event| event["event"] == "starting").unwrap();
    let forged = json!({
        "at": "2026-01-20T00:00:00.000Z", "uid": "ffff", "v": 1, "event": "submitted", "batch": "batch-001",
        "of": starting["uid"], "task": "A", "tip": theirs, "pr": "#9\u{1b}[2J"
    });
    sandbox.git(&["notes", "--ref=dispatch", "append", "-m", &forged.to_string(), "main"]);
    sandbox.ok(&["status"]).answers("done (PR #9\\e[2J)");
    sandbox.run(&["submit", "A"]).exits(3).says("'origin/task/A' has commits that are not in task 'A'");
    assert_eq!(there(&sandbox), [format!("refs/heads/task/A {theirs}")]);
}

#[test]
fn nothing_else_goes_along_whatever_the_configuration_says() {
    let sandbox = done();
    sandbox.git_in(&sandbox.place("A"), &["tag", "-a", "-m", "x", "v1"]);
    for (key, value) in [
        ("push.followTags", "true"),
        ("push.default", "matching"),
        ("remote.origin.push", "+refs/heads/*:refs/heads/*"),
        ("branch.task/A.merge", "refs/heads/main"),
    ] {
        sandbox.git(&["config", key, value]);
    }
    // A config of the worktree's own would push elsewhere.
    sandbox.git(&["config", "extensions.worktreeConfig", "true"]);
    sandbox.git_in(&sandbox.place("A"), &["config", "--worktree", "remote.origin.pushurl", "/nowhere"]);
    sandbox.ok(&["submit", "A"]).answers("A pushed to origin");
    assert_eq!(there(&sandbox), [format!("refs/heads/task/A {}", rev(&sandbox, "task/A"))]);
}

#[test]
fn what_its_worker_pushed_from_elsewhere_is_there_already() {
    let sandbox = Sandbox::with_tasks("[agent.far]\nisolated = false\n[task.A]\nagent = \"far\"\n");
    remote(&sandbox);
    sandbox.ok(&["start", "A"]);
    sandbox.git(&["push", "--quiet", "origin", "task/A"]);
    let other = sandbox.root().join("other");
    sandbox.git(&["clone", "--quiet", "--branch", "task/A", "../remote.git", other.to_str().unwrap()]);
    let theirs = sandbox.commit_in(&other, &[("a", "1\n")], "work");
    sandbox.git_in(&other, &["push", "--quiet", "origin", "task/A"]);
    sandbox.git(&["fetch", "--quiet", "origin"]);
    sandbox.ok(&["report", "A", "--done"]);
    sandbox.ok(&["submit"]).answers(&format!("A is on origin: task/A at {}\n", &theirs[..7]));
    assert_eq!(there(&sandbox), [format!("refs/heads/task/A {theirs}")]);
    sandbox.ok(&["submit"]).answers("A is up to date on origin");
    // It is to be merged elsewhere.
    sandbox.git(&["init", "--quiet", "--bare", "../second.git"]);
    sandbox.git(&["remote", "add", "second", "../second.git"]);
    sandbox.git(&["config", "branch.task/A.pushRemote", "second"]);
    sandbox.ok(&["submit"]).answers("A pushed to second");
    assert_eq!(sandbox.git_in(&sandbox.root().join("second.git"), &["rev-parse", "task/A"]), theirs);
}
