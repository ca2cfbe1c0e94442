use super::*;
use crate::render::brief::tests::sample;

fn made(template: &str) -> String {
    render(template, &sample()).unwrap()
}

fn fault(template: &str) -> String {
    render(template, &sample()).unwrap_err()
}

#[test]
fn a_template_names_compares_and_loops() {
    let template = "\
# {{ action }} {{ id }}: {{ title | inline }}
{# nothing #}
{% if phase %}
Phase {{ phase }}
{% endif %}
{% if plan and plan.issue == 'https://x/1' %}Plan {{ plan.title | slug }}{% endif %}{{ model }}

{% for step in steps %}
{{ loop.index }}. {{ step }}
{% endfor %}
{% for sibling in siblings if (sibling.writes) -%}
{{ sibling.id }}{% for path in sibling.writes %} {{ path }}{% endfor %}
{% endfor %}
";
    let expected = "\
# implement A: a \\`b\\`\\\\n# c
Phase one
Plan the-plan

1. first
2. second
line
B src/b/**";
    assert_eq!(made(template), expected);
}

#[test]
fn values_are_safe_to_show_and_only_texts_have_several_lines() {
    assert_eq!(made("{{ title }}"), "a `b`\\n# c");
    assert_eq!(made("{{ text }}"), "Free text \\e[31m\n\nof people");
    assert_eq!(made("{{ steps }}"), made("{{steps}}"));
    assert_eq!(
        made("{{ base }} {{ estimate }}{% if worktree %} there{% endif %}"),
        format!("{} 240 there", "a".repeat(40))
    );
}

#[test]
fn a_fault_is_told_with_its_line() {
    for (template, expected) in [
        ("a\n{{ titel }}", "line 2: a brief has no 'titel'"),
        ("\n\n{% if titel %}{% endif %}", "line 3: a brief has no 'titel'"),
        ("a\n{{ plan.titel }}", "line 2: undefined value"),
        ("a\n\n{{ title", "line 3: a tag without an end"),
        ("{% for a in steps %}", "line 1: "),
        ("{{ title | shout }}", "line 1: unknown filter: filter shout is unknown"),
        ("{% include 'x' %}", "line 1: a template of briefs has no tag 'include'"),
        ("{% set x = 1 %}", "has no tag 'set'"),
        ("{# a", "line 1: a comment without an end"),
    ] {
        assert!(fault(template).contains(expected), "{template:?}: {}", fault(template));
    }
}

#[test]
fn a_template_costs_no_more_than_it_may() {
    let deep = "{% for a in steps %}".repeat(40) + &"{% endfor %}".repeat(40);
    assert!(fault(&deep).contains("fuel"), "{}", fault(&deep));
    let wide = "{% for a in steps %}".repeat(12) + &"x".repeat(4_000) + &"{% endfor %}".repeat(12);
    assert!(fault(&wide).contains("more than 8 MiB come of it"), "{}", fault(&wide));
    assert!(fault(&"x".repeat(LONGEST + 1)).contains("at most 64 KiB"));
    for joined in [
        "title ~ title",
        "title + title",
        "title * 9",
        "[title, title]",
        "(title, title)",
        "{'a': title}",
        "'a\\'' ~ title",
    ] {
        let told = fault(&format!("{{{{ {joined} }}}}"));
        assert!(told.contains("line 1: "), "{joined}: {told}");
    }
}

#[test]
fn a_tag_ends_where_the_engine_ends_it() {
    for shifted in [
        "{{ ( }} ~ title }}",
        "{{ ) }} ~ title }}",
        "{{ '}}' ~ title }}",
        "{{ \"'\" ~ '\"' }}",
        "{% if '%}' ~ title %}{% endif %}",
    ] {
        fault(shifted);
    }
    assert_eq!(made("{{ '}}' }}{{- \" %} \" -}} {{ 1 - 1 }}"), "}} %} 0");
}
