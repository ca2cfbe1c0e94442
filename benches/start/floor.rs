//! The least that writing some files takes: their folders made, then `openat`, `write` and `close` for each from the handle of its
//! folder, on all cores. No object is read, no index is written.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::{Mode, OFlags, open, openat};

/// Writes the files, which are sorted, to `number` new folders below `root`.
pub fn run(files: &[(PathBuf, bool, Vec<u8>)], root: &Path, number: usize) {
    let next = AtomicUsize::new(0);
    let chunks: Vec<_> = files.chunks(128).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(at) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < chunks.len() * number)
                {
                    write(chunks[at % chunks.len()], &root.join(format!("floor/{}", at / chunks.len())));
                }
            });
        }
    });
}

fn write(files: &[(PathBuf, bool, Vec<u8>)], top: &Path) {
    let mut last: Option<(&Path, OwnedFd)> = None;
    for (path, executable, content) in files {
        let above = path.parent().unwrap();
        if last.as_ref().is_none_or(|(path, _)| *path != above) {
            std::fs::create_dir_all(top.join(above)).unwrap();
            let folder =
                open(top.join(above), OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap();
            last = Some((above, folder));
        }
        let (_, folder) = last.as_ref().unwrap();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if *executable { 0o777 } else { 0o666 });
        let file = openat(folder, path.file_name().unwrap(), flags, mode).unwrap();
        let mut rest = content.as_slice();
        while !rest.is_empty() {
            rest = &rest[rustix::io::write(&file, rest).unwrap()..];
        }
    }
}
