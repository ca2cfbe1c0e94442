//! What is asked of the kernel: to stop a child before the calls that may change files, and to answer in its place.

use std::io::{Error, Result};
use std::mem::offset_of;

use super::calls::{Stopped, numbers};

/// For `PTRACE_GET_SYSCALL_INFO`, at a stop by seccomp (`struct ptrace_syscall_info` of ptrace(2)).
#[repr(C)]
#[derive(Default)]
struct Info {
    kind: u8,
    padding: [u8; 3],
    arch: u32,
    instruction: u64,
    stack: u64,
    number: u64,
    arguments: [u64; 6],
    data: u32,
}

/// In a child between fork and exec: lets its parent trace it, and stops it, and all that come from it, before the calls in
/// [`numbers`]; seccomp(2) asks far less often than `PTRACE_SYSCALL`.
pub fn be_traced(filter: &[libc::sock_filter]) -> Result<()> {
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    // SAFETY: only system calls; `program` outlives them.
    let done = unsafe {
        libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program, 0, 0) == 0
    };
    if done { Ok(()) } else { Err(Error::last_os_error()) }
}

/// The filter for [`be_traced`].
pub fn filter() -> Vec<libc::sock_filter> {
    let instruction = |code: u32, jt: usize, k: u32| libc::sock_filter { code: code as u16, jt: jt as u8, jf: 0, k };
    let numbers: Vec<u32> = numbers().map(|number| number as u32).collect();
    let mut filter = vec![instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0)];
    for (at, &number) in numbers.iter().enumerate() {
        filter.push(instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, numbers.len() - at, number));
    }
    filter.push(instruction(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW));
    filter.push(instruction(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_TRACE));
    filter
}

/// What the thread `pid` stopped for; `None` where it is gone meanwhile.
pub fn stopped(pid: libc::pid_t) -> Option<Stopped> {
    let mut info = Info::default();
    let size = size_of::<Info>();
    // SAFETY: `info` has `size` bytes.
    let got = unsafe { libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid, size, &raw mut info) };
    let enough = usize::try_from(got).is_ok_and(|got| got >= offset_of!(Info, data));
    enough.then_some(Stopped { pid, number: info.number as libc::c_long, arguments: info.arguments })
}

/// Skips the call that `pid` is stopped before, which gets `errno` for its answer.
#[cfg(target_arch = "x86_64")]
pub fn answer(pid: libc::pid_t, errno: libc::c_int) {
    let set = |at: usize, value: libc::c_long| {
        // SAFETY: registers of a stopped tracee are written, at their offset in `struct user`.
        let done = unsafe { libc::ptrace(libc::PTRACE_POKEUSER, pid, at, value) };
        assert_eq!(done, 0, "{}", Error::last_os_error());
    };
    set(offset_of!(libc::user_regs_struct, orig_rax), -1);
    set(offset_of!(libc::user_regs_struct, rax), -libc::c_long::from(errno));
}

/// Skips the call that `pid` is stopped before, which gets `errno` for its answer.
#[cfg(target_arch = "aarch64")]
pub fn answer(pid: libc::pid_t, errno: libc::c_int) {
    const NT_PRSTATUS: libc::c_int = 1;
    const NT_ARM_SYSTEM_CALL: libc::c_int = 0x404;
    let mut number: libc::c_int = -1;
    // SAFETY: a register set is nothing but numbers.
    let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
    let mut all = libc::iovec { iov_base: (&raw mut registers).cast(), iov_len: size_of_val(&registers) };
    let mut skip = libc::iovec { iov_base: (&raw mut number).cast(), iov_len: size_of_val(&number) };
    // SAFETY: register sets of a stopped tracee, with their sizes.
    let done = unsafe {
        let read = libc::ptrace(libc::PTRACE_GETREGSET, pid, NT_PRSTATUS, &raw mut all);
        registers.regs[0] = -i64::from(errno) as u64;
        read == 0
            && libc::ptrace(libc::PTRACE_SETREGSET, pid, NT_PRSTATUS, &raw mut all) == 0
            && libc::ptrace(libc::PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &raw mut skip) == 0
    };
    assert!(done, "{}", Error::last_os_error());
}

/// Has a child that has just stopped for the first time, and all that come from it, stop before the calls of the filter;
/// none outlives this thread.
pub fn watch(pid: libc::pid_t) {
    let options = libc::PTRACE_O_TRACESECCOMP
        | libc::PTRACE_O_TRACEFORK
        | libc::PTRACE_O_TRACEVFORK
        | libc::PTRACE_O_TRACECLONE
        | libc::PTRACE_O_TRACEEXEC
        | libc::PTRACE_O_EXITKILL;
    // SAFETY: a child of this thread, which has stopped.
    let done = unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, pid, 0, options) };
    assert_eq!(done, 0, "{}", Error::last_os_error());
}

/// Lets a stopped thread go on, with that signal unless it is 0.
pub fn go_on(pid: libc::pid_t, signal: libc::c_int) {
    // SAFETY: a number each. That it may be gone meanwhile is no fault.
    unsafe { libc::ptrace(libc::PTRACE_CONT, pid, 0, signal) };
}

/// Sends a signal to a process, which may be gone meanwhile.
pub fn send(pid: libc::pid_t, signal: libc::c_int) {
    // SAFETY: a number each.
    unsafe { libc::kill(pid, signal) };
}

/// The next thing that happens to a child or tracee of this thread, and its wait status; `None` when none is left.
pub fn next() -> Option<(libc::pid_t, libc::c_int)> {
    loop {
        let mut status = 0;
        // SAFETY: `status` is there to be written.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL | libc::__WNOTHREAD) };
        if pid > 0 {
            return Some((pid, status));
        }
        match Error::last_os_error().raw_os_error() {
            Some(libc::EINTR) => {}
            _ => return None,
        }
    }
}
