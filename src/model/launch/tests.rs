use super::*;
use crate::model::facts::Head;
use crate::model::ledger::{Body, Report};
use crate::model::sample::{
    branch, facts, file, id, ledger, names, observe, report, review, snapshot, started, starting, with, worktree,
};
use crate::model::standing::standings;
use crate::model::task::{Agent, Details, Mode};

/// Tasks A and B as `start` made them; `more` happened after that.
fn scene(more: Vec<Body>) -> (TaskFile, Facts) {
    let file = file(&["A", "B", "C"]);
    let mut facts = facts();
    let begun = vec![starting(&["A", "B"]), started("u0", &["A", "B"])];
    facts.ledger = ledger(begun.into_iter().chain(more).collect());
    for name in ["A", "B"] {
        observe(&mut facts, name, branch(name));
        facts.tasks.get_mut(&id(name)).unwrap().worktree = Some(worktree(name));
    }
    (file, facts)
}

fn chosen(file: &TaskFile, facts: &Facts, typed: &[&str]) -> Result<Chosen, Failure> {
    let typed: Vec<String> = typed.iter().map(|&text| text.to_owned()).collect();
    choose(file, (facts, &standings(file, facts, &names(file))), &typed)
}

fn ids(chosen: &Chosen) -> Vec<&str> {
    chosen.tasks.iter().map(TaskId::as_str).collect()
}

#[test]
fn all_that_are_active_are_chosen_and_those_that_are_named_once_each() {
    let (file, facts) = scene(Vec::new());
    assert_eq!(ids(&chosen(&file, &facts, &[]).unwrap()), ["A", "B"]);
    assert_eq!(ids(&chosen(&file, &facts, &["B", "A", "B"]).unwrap()), ["B", "A"]);
    let fault = chosen(&file, &facts, &["X", "A", "-rf"]).unwrap_err();
    assert_eq!(fault.exit, Exit::Usage);
    assert!(fault.what.contains("'X'") && fault.what.contains("'-rf'"), "{}", fault.what);
}

/// What happened after the start, what else is different, and how that is told.
type Case<'a> = (Vec<Body>, &'a dyn Fn(&mut TaskFile, &mut Facts), &'a str, &'a str);

#[test]
fn what_keeps_a_worker_from_being_launched_is_told_with_what_to_do() {
    let halt = Body::Reviewed(review("halt", "Ada", "wait\nfor me"));
    let resume = Body::Reviewed(review("resume", "Ada", ""));
    let done = |verdict: &str| Body::Reported(Report { ..report("A", verdict) });
    let told = |more: Vec<Body>, change: &dyn Fn(&mut TaskFile, &mut Facts)| {
        let (mut file, mut facts) = scene(more);
        change(&mut file, &mut facts);
        let why = chosen(&file, &facts, &["A"]).err()?;
        assert_eq!((why.exit, why.hints.len()), (Exit::Refused, 1), "{}", why.what);
        let left_out = chosen(&file, &facts, &[]).unwrap();
        assert_eq!(ids(&left_out), ["B"], "{}", why.what);
        Some((why.what, why.hints[0].clone()))
    };
    let nothing = |_: &mut TaskFile, _: &mut Facts| {};
    let seen = |facts: &mut Facts| facts.tasks.remove(&id("A")).unwrap();
    let cases: [Case<'_>; 7] = [
        (vec![done("done")], &nothing, "is reported done", "status A"),
        (vec![halt.clone()], &nothing, "was halted by Ada: wait\\nfor me", "review A --resume"),
        (Vec::new(), &|_, facts| drop(seen(facts)), "its branch is gone", "why A"),
        (
            Vec::new(),
            &|_, facts| facts.tasks.get_mut(&id("A")).unwrap().worktree.as_mut().unwrap().head = Head::Missing,
            "has no worktree here",
            "status A",
        ),
        (
            Vec::new(),
            &|_, facts| facts.tasks.get_mut(&id("A")).unwrap().worktree.as_mut().unwrap().unequipped = true,
            "is not set up yet",
            "start --setup A",
        ),
        (
            Vec::new(),
            &|_, facts| {
                let record = facts.ledger.records.get_mut(&id("A")).unwrap();
                record.snapshot.as_mut().unwrap().isolated = false;
            },
            "has a worker who is elsewhere",
            "brief A",
        ),
        (
            Vec::new(),
            &|_, facts| facts.ledger.records.get_mut(&id("A")).unwrap().started = false,
            "is not started completely",
            "start A",
        ),
    ];
    for (more, change, what, hint) in cases {
        let why = told(more, change).unwrap();
        assert!(why.0.contains(what) && why.1.contains(&format!("'git dispatch {hint}")), "{why:?}");
    }
    assert_eq!(told(vec![halt, resume], &nothing), None);
    assert_eq!(told(Vec::new(), &nothing), None);
    let (file, facts) = scene(vec![done("blocked")]);
    let fault = chosen(&file, &facts, &["A"]).unwrap_err();
    assert_eq!(fault.hints, ["use 'git dispatch start A' to have it go on"]);
    assert_eq!(ids(&chosen(&file, &facts, &[]).unwrap()), ["B"]);
    let fault = chosen(&file, &facts, &["C"]).unwrap_err();
    assert_eq!(fault.hints, ["use 'git dispatch start C' to start it"]);
}

fn worker(name: &str, file: &TaskFile) -> Worker {
    Worker::of(file, &snapshot(name))
}

#[test]
fn the_agent_of_a_task_has_the_word_and_arguments_of_a_mode_are_approved_too() {
    let (mut file, _) = scene(Vec::new());
    let of = |file: &TaskFile| command(file, &worker("A", file)).map(|command| (command.name, command.text));
    let fault = of(&file).unwrap_err();
    assert_eq!(fault.exit, Exit::Usage);
    assert!(fault.hints[0].contains("git config dispatch.launch"), "{:?}", fault.hints);
    file.settings.commands.launch = Some("all".into());
    assert_eq!(of(&file).unwrap(), ("commands.launch".into(), "all".into()));
    let details = Details { agent: Some("near".into()), mode: Some("pair".into()), ..Details::default() };
    file = with(file, "A", |task| task.details = Some(Box::new(details)));
    file.settings.agents.insert("near".into(), Agent { launch: Some(" ".into()), ..Agent::default() });
    assert_eq!(of(&file).unwrap().0, "commands.launch");
    file.settings.agents.get_mut("near").unwrap().launch = Some("one".into());
    assert_eq!(of(&file).unwrap(), ("agent.near.launch".into(), "one".into()));
    assert_eq!(approvals(&file, &worker("A", &file)).unwrap(), ["agent.near.launch"]);
    file.settings.modes.insert("pair".into(), Mode { launch_as: None, args: Some("--x".into()) });
    assert_eq!(approvals(&file, &worker("A", &file)).unwrap(), ["agent.near.launch", "modes.pair.args"]);
    assert_eq!(approvals(&file, &worker("B", &file)).unwrap(), ["commands.launch"]);
}

#[test]
fn sessions_open_in_the_multiplexer_that_one_is_in() {
    let usual = |set: &[&str], tmux| Host::usual(|name| set.contains(&name), tmux);
    let cases: [(&[&str], bool, Host); 7] = [
        (&[], true, Host::Tmux),
        (&[], false, Host::Print),
        (&["TMUX", "KITTY_WINDOW_ID"], true, Host::Tmux),
        (&["ZELLIJ", "WEZTERM_PANE"], true, Host::Zellij),
        (&["WEZTERM_PANE"], true, Host::Wezterm),
        (&["KITTY_LISTEN_ON"], true, Host::Kitty),
        (&["KITTY_WINDOW_ID"], false, Host::Kitty),
    ];
    for (set, tmux, host) in cases {
        assert_eq!(usual(set, tmux), host, "{set:?}");
    }
    for word in Host::WORDS {
        assert_eq!(Host::of(word).map(Host::word), Some(word));
    }
    assert_eq!(Host::of("screen"), None);
}
