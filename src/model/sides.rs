//! The names of the sides of a merge in its paths.

use super::oid::Oid;
use super::path::TreePath;

/// One side of a merge that git was asked for by object ids: its commit, and the name that a person gives it.
pub type Side<'a> = (Oid, &'a str);

/// Names paths as git does where it is told the names of both sides.
///
/// Where a file and a folder want the same path, the file goes to `<path>~<side>`, with `_` for each `/` of the side (git's
/// `merge-ort.c`, `unique_path`). Asked by ids, git has the id for the side. The number that git adds where even that path is
/// taken is the one of the path with the id. Where a path changes, all are put in the order of their bytes, git's.
pub fn named(paths: &mut [TreePath], sides: [Side<'_>; 2]) {
    let mut changed = false;
    for path in paths.iter_mut().filter(|path| path.as_bytes().contains(&b'~')) {
        for (commit, name) in sides {
            if let Some(named) = with_name(path.as_bytes(), &format!("~{commit}"), name) {
                *path = TreePath::new(named);
                changed = true;
            }
        }
    }
    if changed {
        paths.sort();
    }
}

fn with_name(path: &[u8], mark: &str, name: &str) -> Option<Vec<u8>> {
    let at = path.windows(mark.len()).rposition(|part| part == mark.as_bytes())?;
    let (before, rest) = (&path[..=at], &path[at + mark.len()..]);
    Some([before, name.replace('/', "_").as_bytes(), rest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::oid;

    #[test]
    fn ids_become_names_and_everything_else_stays() {
        let ours = oid('a');
        let mut paths: Vec<TreePath> = [
            format!("p~{ours}"),
            format!("d/p~{}_0", oid('b')),
            format!("p~{}", oid('c')),
            "p~main".to_owned(),
            format!("{ours}"),
        ]
        .map(|path| TreePath::new(path.into_bytes()))
        .into();
        named(&mut paths, [(ours, "origin/main"), (oid('b'), "task/A")]);
        let other = format!("p~{}", oid('c'));
        let expected = [&ours.to_string(), "d/p~task_A_0", &other, "p~main", "p~origin_main"];
        assert_eq!(paths.iter().map(|path| path.lossy().into_owned()).collect::<Vec<_>>(), expected);
    }
}
