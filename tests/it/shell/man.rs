//! Real man and groff.

use git_dispatch::shell::PIECES;

use super::{Home, needed, stdout};

#[test]
fn groff_renders_every_page_without_a_warning() {
    let home = Home::new();
    let groff = needed("groff", "groff-base");
    for piece in PIECES.iter().filter(|piece| piece.path.starts_with("man/")) {
        let page = home.data().join(piece.path);
        // Standard error must be empty too.
        assert_eq!(stdout(home.command(&groff).args(["-man", "-ww", "-z", "-Tutf8"]).arg(page)), "", "{}", piece.path);
    }
}

#[test]
fn man_finds_every_page_where_install_puts_it() {
    let home = Home::new();
    let man = needed("man", "man-db");
    for piece in PIECES.iter().filter(|piece| piece.path.starts_with("man/")) {
        let name = piece.path.rsplit('/').next().unwrap().rsplit_once('.').unwrap().0;
        let found = stdout(home.command(&man).arg("-M").arg(home.data().join("man")).args(["-w", name]));
        assert_eq!(found.trim_end(), home.data().join(piece.path).to_str().unwrap());
    }
}

#[test]
fn git_shows_the_page_for_help() {
    let home = Home::new();
    let git = needed("git", "git");
    needed("man", "man-db");
    let text = stdout(home.command(&git).args(["dispatch", "--help"]).env("MANPATH", home.data().join("man")));
    assert!(text.contains("GIT-DISPATCH(1)") && text.contains("EXIT STATUS"), "{text}");
}
