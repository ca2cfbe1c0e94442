use super::*;

fn names<'a>(id: &'a TaskId, title: &'a str) -> Names<'a> {
    Names { id, title, agent: Some("claude"), repo: "neon" }
}

fn render(text: &str, kind: Kind, title: &str) -> Result<String, String> {
    let id = "SCR-001".parse().unwrap();
    Template::new(text, kind)?.render(&names(&id, title))
}

#[test]
fn placeholders_are_filled() {
    assert_eq!(render("task/{{ id }}", Kind::Branch, ""), Ok("task/SCR-001".into()));
    assert_eq!(render("../{{ repo }}-task-{{ id }}", Kind::Worktree, ""), Ok("../neon-task-SCR-001".into()));
    assert_eq!(
        render("{{agent}}/{{id}}-{{ title|slug }}", Kind::Branch, "Über: X!"),
        Ok("claude/SCR-001-ber-x".into())
    );
    assert_eq!(render("{{ title }} ({{ id }})", Kind::Message, "A\nB"), Ok("A\nB (SCR-001)".into()));
    assert_eq!(render("{% if agent %}{{ agent }}/{% endif %}{{ id }}", Kind::Branch, ""), Ok("claude/SCR-001".into()));
    assert_eq!(render("{{ id }}-{{ title|slug|slug }}", Kind::Branch, "日本"), Ok("SCR-001-scr-001".into()));
}

#[test]
fn a_slug_is_lower_case_short_and_never_empty() {
    assert_eq!(slug("  ToolSelectionScorer (v2) ", "X"), "toolselectionscorer-v2");
    assert_eq!(slug("日本語", "SCR-1"), "SCR-1");
    assert_eq!(slug(&"ab ".repeat(50), "X"), "ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-a");
}

#[test]
fn a_name_without_its_id_or_with_an_unknown_name_is_refused() {
    for text in ["task", "task/{{ title | slug }}", "", "{% if false %}{{ id }}{% endif %}x"] {
        assert_eq!(render(text, Kind::Branch, "t"), Err("'{{ id }}' must stand in it".into()), "{text}");
    }
    assert_eq!(
        render("{{ id }}-{{ who }}", Kind::Branch, ""),
        Err("a template knows no name 'who', only id, title, agent and repo".into())
    );
    for text in ["{{ id", "{{ id }}{% if %}", "{{ id | nope }}", "{{ id }}{{ range(9) }}", "{{ id.x.y }}{{ id }}"] {
        assert!(render(text, Kind::Branch, "").is_err(), "{text}");
    }
}

#[test]
fn loops_are_refused_for_they_may_never_end() {
    let text = "{{ id }}{% for a in [1,2] %}{%- for b in [1,2] %}{% endfor %}{% endfor %}";
    assert_eq!(render(text, Kind::Branch, ""), Err("a template has no tag 'for', only 'if' and 'set'".into()));
    assert!(render(&"{{ id }}".repeat(1000), Kind::Branch, "").is_err());
}

#[test]
fn worktrees_stay_under_the_parent_of_the_main_worktree() {
    for text in [
        "../../../{{ id }}",
        "/etc/{{ id }}",
        ".git/hooks/{{ id }}",
        "x/.GIT/{{ id }}",
        "a/../{{ id }}",
        "../{{ id }}\n\n",
        "../{{ id }} ",
        "../ /{{ id }}",
        "-x{{ id }}",
        "../-{{ id }}",
        "~/{{ id }}",
        "./{{ id }}",
        "../{{ id }}/",
        "..//{{ id }}",
        "../{{ id }}\u{202e}",
        "../{{ id }}\u{1b}",
    ] {
        assert!(render(text, Kind::Worktree, "").is_err(), "{text:?}");
    }
    assert_eq!(render(".worktrees/{{ id }}", Kind::Worktree, ""), Ok(".worktrees/SCR-001".into()));
    let id = "A".parse().unwrap();
    let template = Template::new("../{{ repo }}/{{ id }}", Kind::Worktree).unwrap();
    assert!(template.render(&Names { id: &id, title: "", agent: None, repo: ".." }).is_err());
}

#[test]
fn branch_names_are_those_that_git_takes() {
    for name in ["a", "task/SCR-001", "a.b", "a@b", "a{b", "日本", "a-", "x/HEAD", "$(id)", "a;b"] {
        assert!(is_branch_name(name), "{name}");
    }
    for name in [
        "",
        "@",
        "HEAD",
        "-a",
        "a/-b",
        "/a",
        "a/",
        "a//b",
        ".a",
        "a/.b",
        "a.",
        "a..b",
        "a.lock",
        "a.lock/b",
        "a@{1}",
        "a b",
        "a~b",
        "a^b",
        "a:b",
        "a?b",
        "a*b",
        "a[b",
        "a\\b",
        "a\nb",
        "a\u{7f}",
        "a\u{202e}",
        "a\u{200b}",
    ] {
        assert!(!is_branch_name(name), "{name:?}");
    }
    assert!(!is_branch_name(&"x".repeat(251)));
}

#[test]
fn an_agent_that_is_not_there_is_told() {
    let id = "A".parse().unwrap();
    let nobody = Names { id: &id, title: "t", agent: None, repo: "r" };
    let plain = Template::new("{{ agent }}/{{ id }}", Kind::Branch).unwrap();
    assert!(plain.names_agent() && plain.render(&nobody).unwrap_err().contains("agent"));
    let engine = Template::new("{% if true %}{{ agent }}{% endif %}/{{ id }}", Kind::Branch).unwrap();
    assert!(engine.names_agent() && engine.render(&nobody).is_err());
    let guarded = Template::new("{% if agent %}{{ agent }}/{% endif %}{{ id }}", Kind::Branch).unwrap();
    assert_eq!(guarded.render(&nobody), Ok("A".into()));
}

#[test]
fn the_literal_prefix_ends_at_the_first_placeholder() {
    let prefix = |text: &str| Template::new(text, Kind::Branch).unwrap().literal_prefix().to_owned();
    assert_eq!(prefix("task/{{ id }}"), "task/");
    assert_eq!(prefix("{{ id }}"), "");
    assert_eq!(prefix("a/{# c #}b/{{ id }}"), "a/");
}

#[test]
fn the_fast_path_says_what_the_engine_says() {
    let id = "SCR-001".parse().unwrap();
    for text in
        ["a {{ id }} }} { b", "{{ title }}\n", "{{ repo }}{{agent}}\n\n", "{{ title | slug }}{{ id }}", "é{{ id }}"]
    {
        let fast = fill(&parts(text).unwrap(), &names(&id, "Ti\ntle <b>")).unwrap();
        let Body::Engine { environment, .. } = engine(text).unwrap() else { panic!("no engine") };
        assert_eq!(run_engine(&environment, &names(&id, "Ti\ntle <b>")).unwrap(), fast, "{text:?}");
    }
}

#[test]
fn a_template_that_would_grow_beyond_all_bounds_is_none() {
    let doubling = "{%set a='x'%}".to_owned() + &"{%set a=a~a%}".repeat(60) + "{{id}}";
    let fault = |text: &str| Template::new(text, Kind::Branch).unwrap_err();
    assert_eq!(fault(&doubling), "a template joins at most 8 texts");
    for text in ["{{ id * 1000000000 }}", "{%set a=(id, id)%}{{ id }}", "{%set a=[id, id]%}{{ id }}"] {
        assert_eq!(fault(text), "neither '*' nor ',' in a tag", "{text}");
    }
    assert_eq!(fault("{%if ('%}' ~ id %}{{ id }}{%endif%}"), "a parenthesis is left open");
    assert!(Template::new("{{ 'a' ~ id ~ '-b' }}", Kind::Branch).is_ok());
}
