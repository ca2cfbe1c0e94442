//! The terminal as a screen: entered and left as a whole, whatever ends the program.

use std::io::{BufWriter, IsTerminal, Stdout, Write, stdin, stdout};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, read};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::layout::Rect;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::model::watch::Key;

/// What comes from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Key(Key),
    Resized,
    /// The number of a signal that ends programs.
    Signal(i32),
    /// No more keys will come.
    Gone,
}

/// The terminal belongs to this program. There is one for all threads.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// The whole terminal, until this value is dropped: also a panic, on whatever thread, gives it back before it says anything.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

/// Whether there is somebody to see a screen and to press keys.
#[expect(clippy::disallowed_methods, reason = "TERM is a fact of the terminal, and this is its room")]
pub fn is_there() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    stdin().is_terminal() && stdout().is_terminal() && !dumb
}

impl Screen {
    /// Takes the terminal: keys come one by one, and what stood on it comes back when it is left.
    ///
    /// # Errors
    /// The terminal does not allow it; then it is as it was.
    pub fn enter() -> Result<Screen> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                leave();
                before(panic);
            }));
        });
        enter().context("could not take the terminal")?;
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::new(stdout())));
        let terminal = terminal.inspect_err(|_| leave()).context("could not take the terminal")?;
        Ok(Screen { terminal })
    }

    /// Draws what `paint` paints; only what differs from before is sent.
    ///
    /// # Errors
    /// The terminal cannot be written.
    pub fn draw(&mut self, paint: impl FnOnce(Rect, &mut Buffer)) -> Result<()> {
        if ENTERED.load(Ordering::SeqCst) {
            self.terminal.draw(|frame| paint(frame.area(), frame.buffer_mut())).context("could not draw")?;
        }
        Ok(())
    }

    /// Forgets what was drawn: the next [`Screen::draw`] sends everything.
    ///
    /// # Errors
    /// The terminal cannot be written.
    pub fn forget(&mut self) -> Result<()> {
        // Not `clear`, which asks the terminal where its cursor is: the answer would come as keys.
        let size = self.terminal.size().context("could not ask for the size of the terminal")?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height)).context("could not draw")
    }

    /// Asks the terminal to put a path into the clipboard (OSC 52). It says nothing of whether it did: some do not know this,
    /// and tmux only passes it on with `set-clipboard on`. Whatever the path is, what is sent is plain base64.
    ///
    /// # Errors
    /// The terminal cannot be written.
    pub fn copy(&mut self, path: &Path) -> Result<()> {
        let mut out = stdout();
        write!(out, "\u{1b}]52;c;{}\u{7}", base64(path.as_os_str().as_bytes())).context("could not draw")?;
        out.flush().context("could not draw")
    }

    /// Gives the terminal back and stops the process group, as Ctrl-Z does in other programs; takes it again afterwards.
    ///
    /// # Errors
    /// The terminal does not allow it any more.
    pub fn suspend(&mut self) -> Result<()> {
        leave();
        // Of the whole group: 'git dispatch' runs below git, and the shell waits for both.
        let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        enter().context("could not take the terminal")?;
        self.forget()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

fn enter() -> std::io::Result<()> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen, Hide).inspect_err(|_| leave())
}

/// Once is enough, and there is nobody left to tell of failures.
fn leave() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

/// Tells every signal that ends programs, and every key and every new size, each on a thread of its own, until these say that
/// nobody listens. The next key is not read before `tell_key` returns: so a view that quits or stops leaves what is typed after
/// that to the shell.
///
/// # Errors
/// Signals cannot be caught.
pub fn listen(
    tell_signal: impl Fn(Input) -> bool + Send + 'static,
    tell_key: impl Fn(Input) -> bool + Send + 'static,
) -> Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM]).context("could not catch signals")?;
    std::thread::spawn(move || signals.forever().all(|signal| tell_signal(Input::Signal(signal))));
    std::thread::spawn(move || {
        loop {
            let input = match read() {
                Ok(Event::Key(key)) => key_of(key).map(Input::Key),
                Ok(Event::Resize(..)) => Some(Input::Resized),
                Ok(_) => None,
                Err(_) => Some(Input::Gone),
            };
            if input.is_some_and(|input| !tell_key(input) || input == Input::Gone) {
                return;
            }
        }
    });
    Ok(())
}

fn key_of(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    Some(match event.code {
        KeyCode::Char(letter) if control => match letter {
            'c' => Key::Interrupt,
            'z' => Key::Suspend,
            'l' => Key::Redraw,
            'n' => Key::Down,
            'p' => Key::Up,
            'f' => Key::PageDown,
            'b' => Key::PageUp,
            'h' => Key::Erase,
            _ => return None,
        },
        KeyCode::Char(_) if event.modifiers.contains(KeyModifiers::ALT) => return None,
        KeyCode::Char(letter) => Key::Text(letter),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::First,
        KeyCode::End => Key::Last,
        KeyCode::Enter | KeyCode::Right => Key::Enter,
        KeyCode::Esc | KeyCode::Left => Key::Escape,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Erase,
        _ => return None,
    })
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or(0)));
        let bits = a << 16 | b << 8 | c;
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = DIGITS[(bits >> shift & 63) as usize];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")];
        for (text, encoded) in cases {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0x00]), "//4A");
    }

    #[test]
    fn keys_with_control_are_no_text() {
        let key = |code, modifiers| key_of(KeyEvent::new(code, modifiers));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Interrupt));
        assert_eq!(key(KeyCode::Char('q'), KeyModifiers::CONTROL), None);
        assert_eq!(key(KeyCode::Char('q'), KeyModifiers::ALT), None);
        assert_eq!(key(KeyCode::Char('G'), KeyModifiers::SHIFT), Some(Key::Text('G')));
        assert_eq!(key(KeyCode::F(1), KeyModifiers::NONE), None);
    }
}
