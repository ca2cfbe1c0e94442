use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::*;

/// A repository with a tracked, an ignored and an untracked folder, and a watch over it.
struct Scene {
    _temp: tempfile::TempDir,
    root: PathBuf,
    repo: Repo,
}

fn scene() -> Scene {
    scene_of(&["init", "--quiet"]).unwrap()
}

/// With what `init` makes; `None` where git does not know that.
fn scene_of(init: &[&str]) -> Option<Scene> {
    let temp = tempfile::Builder::new().prefix("git-dispatch-test-").tempdir().unwrap();
    let root = temp.path().canonicalize().unwrap();
    let git = super::super::Git::find().unwrap();
    let run = |arguments: &[&str]| {
        let output = git.command(&root).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    for folder in ["src/deep/er", "target/debug", "new/inner", "forced"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    std::fs::write(root.join("src/deep/er/a"), "a").unwrap();
    std::fs::write(root.join("forced/b"), "b").unwrap();
    std::fs::write(root.join(".gitignore"), "target\nforced\n").unwrap();
    if !git.command(&root).args(init).output().unwrap().status.success() {
        return None;
    }
    run(&["add", "--force", "src", "forced", ".gitignore"]);
    let repo = Repo::discover(&root).unwrap();
    Some(Scene { _temp: temp, root, repo })
}

fn watch(scene: &Scene) -> (Watch, Receiver<()>) {
    let (tell, told) = channel();
    (Watch::new(&scene.repo, move || _ = tell.send(())), told)
}

/// Waits until something is told; a test that waits for the system must end at some time.
fn wait(told: &Receiver<()>) {
    told.recv_timeout(Duration::from_secs(60)).unwrap();
    while told.recv_timeout(Duration::from_millis(50)).is_ok() {}
}

fn names(watch: &Watch, root: &Path) -> Vec<String> {
    let below = watch.folders.iter().filter_map(|folder| folder.strip_prefix(root).ok());
    below.map(|folder| folder.display().to_string()).filter(|name| !name.starts_with(".git")).collect()
}

#[test]
fn tracked_and_new_folders_are_watched_but_not_what_git_ignores() {
    let scene = scene();
    let (mut watch, _told) = watch(&scene);
    let watched = watch.cover(&scene.repo, std::slice::from_ref(&scene.root), &[]);
    assert_eq!(watched, Watched::Everything);
    assert_eq!(names(&watch, &scene.root), ["", "forced", "new", "new/inner", "src", "src/deep", "src/deep/er"]);
    watch.cover(&scene.repo, &[], &[]);
    assert_eq!(names(&watch, &scene.root), [""; 0]);
}

#[test]
fn a_change_of_a_file_or_a_ref_is_told_and_reading_is_not() {
    let scene = scene();
    let (mut watch, told) = watch(&scene);
    watch.cover(&scene.repo, std::slice::from_ref(&scene.root), &[]);
    std::fs::read(scene.root.join("src/deep/er/a")).unwrap();
    std::fs::write(scene.root.join("target/debug/o"), "o").unwrap();
    assert!(told.try_recv().is_err());
    std::fs::write(scene.root.join("src/deep/er/a"), "b").unwrap();
    wait(&told);
    std::fs::write(scene.repo.common_dir().join("refs/heads/x"), "1").unwrap();
    wait(&told);
}

#[test]
fn a_change_of_a_ref_in_a_reftable_is_told_also_of_a_worktree() {
    let Some(scene) = scene_of(&["init", "--quiet", "--ref-format=reftable"]) else { return };
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
        let output = scene.repo.git.command(&scene.root).args(identity).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    git(&["commit", "--quiet", "-m", "one"]);
    git(&["worktree", "add", "--quiet", "new/linked"]);
    let (mut watch, told) = watch(&scene);
    watch.cover(&scene.repo, &[], &[]);
    git(&["update-ref", "refs/heads/x", "HEAD"]);
    wait(&told);
    git(&["-C", "new/linked", "checkout", "--quiet", "--detach"]);
    wait(&told);
}

#[test]
fn folders_made_later_are_watched_too_also_in_the_place_of_others() {
    let scene = scene();
    let (mut watch, told) = watch(&scene);
    let root = std::slice::from_ref(&scene.root);
    watch.cover(&scene.repo, root, &[]);
    std::fs::remove_dir_all(scene.root.join("new")).unwrap();
    std::fs::create_dir_all(scene.root.join("new/again/deep")).unwrap();
    std::fs::create_dir_all(scene.root.join("target/more")).unwrap();
    std::fs::create_dir_all(scene.repo.common_dir().join("refs/heads/task")).unwrap();
    wait(&told);
    watch.cover(&scene.repo, root, &[]);
    assert_eq!(names(&watch, &scene.root)[2..5], ["new", "new/again", "new/again/deep"]);
    std::fs::write(scene.root.join("new/again/deep/file"), "1").unwrap();
    wait(&told);
    std::fs::write(scene.repo.common_dir().join("refs/heads/task/A"), "1").unwrap();
    wait(&told);
}

#[test]
fn with_too_many_folders_a_worktree_is_left_to_polling() {
    let scene = scene();
    let (mut watch, _told) = watch(&scene);
    watch.most = 6;
    assert_eq!(watch.cover(&scene.repo, std::slice::from_ref(&scene.root), &[]), Watched::Some);
    assert_eq!(names(&watch, &scene.root), [""; 0]);
    assert!(watch.folders.contains(&scene.repo.common_dir().join("refs/heads")));
}

#[test]
fn locks_of_git_are_no_change_and_those_of_others_are() {
    let passing = |path| is_passing(Path::new(path), Path::new("/r/.git"));
    assert!(passing("/r/.git/index.lock") && passing("/r/.git/worktrees/a/HEAD.lock"));
    assert!(!passing("/r/Cargo.lock") && !passing("/r/.git/index"));
}
