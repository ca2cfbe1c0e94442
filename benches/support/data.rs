//! Public instances of scheduling problems, from a folder beside the project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::done;
use super::instance::Instance;

/// `$GIT_DISPATCH_DATA`, else `../shared/data` beside the project; `None` where there is no such folder.
pub fn folder() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a benchmark is told where its data are")]
    let told = std::env::var_os("GIT_DISPATCH_DATA").map(PathBuf::from);
    let folder = told.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"));
    folder.is_dir().then_some(folder)
}

/// The numbers of workers that the optima of the Standard Task Graph Set are given for.
pub const WORKERS: [u32; 4] = [2, 4, 8, 16];

/// The 360 graphs of 50 and 100 tasks (Tobita and Kasahara 2002), each with every number of workers.
pub fn task_graphs(folder: &Path, temp: &Path) -> Vec<Instance> {
    let known = optima(&folder.join("schedule/stg_optima.csv"));
    let temp = unpacked(folder, "schedule/stg_50_100.tar.xz", temp);
    let mut instances = Vec::new();
    for size in ["50", "100"] {
        let entries = std::fs::read_dir(temp.join(size)).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = format!("{size}/{}", file.file_name().unwrap_or_default().to_string_lossy());
            let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
            let graph = Instance::from_stg(&name, &text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
            instances.extend(WORKERS.map(|workers| {
                let known = known.get(&(name.clone(), workers)).copied();
                Instance { workers, known, ..graph.clone() }
            }));
        }
    }
    instances
}

/// By file and number of workers: no schedule is shorter, and one is as short.
fn optima(table: &Path) -> BTreeMap<(String, u32), (u64, u64)> {
    let text = std::fs::read_to_string(table).unwrap();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [file, workers, least, found] = fields[..] else { panic!("{line}") };
        ((file.to_owned(), workers.parse().unwrap()), (least.parse().unwrap(), found.parse().unwrap()))
    };
    text.lines().skip(1).map(row).collect()
}

#[derive(serde::Deserialize)]
struct JobShop {
    name: String,
    duration_matrix: Vec<Vec<u64>>,
    machines_matrix: Vec<Vec<u32>>,
    metadata: Metadata,
}

#[derive(serde::Deserialize)]
struct Metadata {
    optimum: Option<u64>,
    lower_bound: Option<u64>,
    upper_bound: Option<u64>,
}

/// 162 job shops, a worker for each step.
pub fn job_shops(folder: &Path, temp: &Path) -> Vec<Instance> {
    let temp = unpacked(folder, "schedule/jsp_162.tar.xz", temp);
    let text = std::fs::read(temp.join("benchmark_instances.json")).unwrap();
    let shops: BTreeMap<String, JobShop> = serde_json::from_slice(&text).unwrap();
    let instance = |shop: JobShop| {
        let rows = shop.machines_matrix.iter().zip(&shop.duration_matrix);
        let steps: Vec<Vec<(u32, u64)>> =
            rows.map(|(machines, minutes)| machines.iter().copied().zip(minutes.iter().copied()).collect()).collect();
        let known = shop.metadata.optimum.map(|optimum| (optimum, optimum));
        let known = known.or(shop.metadata.lower_bound.zip(shop.metadata.upper_bound));
        Instance { known, ..Instance::job_shop(&shop.name, &steps) }
    };
    shops.into_values().map(instance).collect()
}

/// The folder below `temp` with what the archive holds.
fn unpacked(folder: &Path, archive: &str, temp: &Path) -> PathBuf {
    let into = temp.join(Path::new(archive).file_name().unwrap());
    std::fs::create_dir(&into).unwrap();
    #[expect(clippy::disallowed_methods, reason = "no library of ours reads these archives")]
    let mut tar = Command::new("tar");
    tar.arg("-xJf").arg(folder.join(archive)).arg("-C").arg(&into);
    done(tar);
    into
}
