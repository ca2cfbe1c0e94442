//! Scheduling problems as their sources give them, with what is known of them.

use git_dispatch::model::schedule::{Crew, Job, Problem};

/// A problem with unit resources, in plain numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub name: String,
    /// At most so many jobs run at one time.
    pub workers: u32,
    /// By job, in minutes.
    pub durations: Vec<u64>,
    /// Pairs (job, a job before it that it needs).
    pub needs: Vec<(u32, u32)>,
    /// Pairs (job, resource that it holds).
    pub holds: Vec<(u32, u32)>,
    /// What others found: no schedule is shorter than the first, and one is as short as the second.
    pub known: Option<(u64, u64)>,
}

impl Instance {
    /// The length of the shortest schedule, where it is known.
    pub fn optimum(&self) -> Option<u64> {
        self.known.filter(|(least, found)| least == found).map(|(_, found)| found)
    }

    /// The same as the program sees it: all jobs wait for a worker.
    pub fn problem(&self) -> Problem {
        let jobs = self.durations.iter().map(|&minutes| Job::open(minutes)).collect();
        Problem::new(jobs, Crew::of(self.workers), &self.needs, &self.holds)
    }

    /// A graph of the Standard Task Graph Set, for one worker; its first and last task, which stand for the beginning
    /// and the end, are left out.
    ///
    /// # Errors
    /// The line that is not as the format says.
    pub fn from_stg(name: &str, text: &str) -> Result<Instance, String> {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let rows: Result<Vec<Vec<u64>>, String> = lines.map(|line| numbers(line).ok_or(line.to_owned())).collect();
        let rows = rows?;
        let (count, rows) = rows.split_first().ok_or("no lines")?;
        if rows.len() as u64 != count.first().copied().unwrap_or(0) + 2 {
            return Err(format!("{} tasks instead of {count:?} and two", rows.len()));
        }
        let (mut durations, mut needs) = (Vec::new(), Vec::new());
        for (at, row) in rows.iter().enumerate() {
            let [task, minutes, count, before @ ..] = &row[..] else { return Err(format!("{row:?}")) };
            let end = at == 0 || at + 1 == rows.len();
            let sound = *task == at as u64 && *count == before.len() as u64 && before.iter().all(|need| need < task);
            if !sound || end && *minutes > 0 {
                return Err(format!("{row:?}"));
            }
            if !end {
                durations.push(*minutes);
                needs.extend(before.iter().filter(|&&need| need > 0).map(|need| (at as u32 - 1, *need as u32 - 1)));
            }
        }
        Ok(Instance { name: name.to_owned(), workers: 1, durations, needs, holds: vec![], known: None })
    }

    /// A job shop: by job, the machine and the minutes of each step, one after the other. A worker for each step.
    pub fn job_shop(name: &str, steps: &[Vec<(u32, u64)>]) -> Instance {
        let (mut durations, mut needs, mut holds) = (Vec::new(), Vec::new(), Vec::new());
        for steps in steps {
            for (place, &(machine, minutes)) in steps.iter().enumerate() {
                let job = durations.len() as u32;
                durations.push(minutes);
                holds.push((job, machine));
                if place > 0 {
                    needs.push((job, job - 1));
                }
            }
        }
        let workers = durations.len() as u32;
        Instance { name: name.to_owned(), workers, durations, needs, holds, known: None }
    }
}

fn numbers(line: &str) -> Option<Vec<u64>> {
    line.split_whitespace().map(|word| word.parse().ok()).collect()
}
