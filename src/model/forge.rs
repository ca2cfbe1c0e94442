//! Forges: where a remote's repository stands on the web, which program knows it, and the pages of its pull requests.

use super::text::escape;

/// A kind of forge, by the program that speaks with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forge {
    GitHub,
    GitLab,
}

impl Forge {
    pub const ALL: [Forge; 2] = [Forge::GitHub, Forge::GitLab];

    /// The name of the program.
    pub fn program(self) -> &'static str {
        match self {
            Forge::GitHub => "gh",
            Forge::GitLab => "glab",
        }
    }

    /// As `dispatch.forge` has it.
    pub fn word(self) -> &'static str {
        match self {
            Forge::GitHub => "github",
            Forge::GitLab => "gitlab",
        }
    }

    /// The one that a host is known to be, by its name alone.
    pub fn of_host(host: &str) -> Option<Forge> {
        let name = host.split(':').next().unwrap_or(host);
        match name.split_once('.') {
            _ if name == "github.com" => Some(Forge::GitHub),
            Some(("gitlab", _)) => Some(Forge::GitLab),
            _ => None,
        }
    }

    /// A pull request as it is named among people, by its number.
    pub fn named(self, number: u64) -> String {
        match self {
            Forge::GitHub => format!("#{number}"),
            Forge::GitLab => format!("!{number}"),
        }
    }
}

/// A repository on a forge. Nothing of it needs to be escaped: what would is percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// In lower case, with a port where the web is at another one than its own.
    pub host: String,
    /// Owner and repository, or groups and project: two parts or more with slashes between.
    pub path: String,
}

/// Hosts that take SSH at the port of HTTPS, and the forge that each is of.
const ALIASES: [(&str, &str); 2] = [("ssh.github.com", "github.com"), ("altssh.gitlab.com", "gitlab.com")];

impl Site {
    /// Where `url`, an address in any form that git takes (git-fetch(1), GIT URLS), is on the web. Name and password are left out.
    /// `None`: it is a path, or nothing that a forge would have.
    pub fn of(url: &str) -> Option<Site> {
        let (host, path) = match url.split_once("://") {
            Some((scheme, rest)) => {
                let (authority, path) = rest.split_once('/')?;
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                match scheme.to_ascii_lowercase().as_str() {
                    "https" | "http" => (host, path),
                    // The port is that of SSH, or of git's own protocol.
                    "ssh" | "git+ssh" | "ssh+git" | "git" => (without_port(host), path),
                    _ => return None,
                }
            }
            None => {
                let (before, path) = url.split_once(':').filter(|(before, _)| !before.contains('/'))?;
                // `ext::` and its like name a helper.
                let path = Some(path).filter(|path| !path.starts_with(':'))?;
                (before.rsplit_once('@').map_or(before, |(_, host)| host), path)
            }
        };
        // So that nothing is encoded twice.
        let path = decoded(path);
        let path = path.trim_matches('/').trim_end_matches(".git");
        let parts: Vec<&str> = path.split('/').collect();
        let sound = |part: &&str| !part.is_empty() && *part != "." && *part != "..";
        if parts.len() < 2 || !parts.iter().all(sound) || !is_host(host) {
            return None;
        }
        let host = host.to_ascii_lowercase();
        let host = ALIASES.iter().find(|(alias, _)| *alias == host).map_or(host, |(_, known)| (*known).to_owned());
        let parts: Vec<String> = parts.into_iter().map(encoded).collect();
        Some(Site { host, path: parts.join("/") })
    }

    /// Who owns the repository: all of its path but the last part.
    pub fn owner(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(owner, _)| owner)
    }

    /// Its page.
    pub fn url(&self) -> String {
        format!("https://{}/{}", self.host, self.path)
    }

    /// The page that opens a pull request for `branch` of `from` into `target` of this one.
    pub fn new_request(&self, forge: Forge, (from, branch): (&Site, &str), target: &str) -> String {
        let (branch, target) = (encoded(branch), encoded(target));
        match forge {
            Forge::GitHub => {
                let owner = if from == self { String::new() } else { format!("{}:", from.owner()) };
                // A slash is as it is there in the address of such a page.
                let plain = |name: &str| name.replace("%2F", "/");
                format!("{}/compare/{}...{owner}{}?expand=1", self.url(), plain(&target), plain(&branch))
            }
            // A project's page proposes the project that it was forked from.
            Forge::GitLab => format!(
                "{}/-/merge_requests/new?merge_request%5Bsource_branch%5D={branch}&merge_request%5Btarget_branch%5D={target}",
                from.url()
            ),
        }
    }
}

fn without_port(host: &str) -> &str {
    host.rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(host, |(host, _)| host)
}

/// A name as the DNS has it, or an address, with a port.
fn is_host(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
    !host.is_empty() && !host.starts_with(['-', '.', ':']) && host.bytes().all(plain)
}

/// `text` with everything percent-encoded that has a meaning in an address (RFC 3986, 2.3).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What is percent-encoded in `text`, decoded; as it is where that is no text.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digit = |at: usize| behind.get(at).and_then(|&byte| char::from(byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// `url` as it may be shown and recorded: without the name and password that stand in it.
pub fn shown(url: &str) -> String {
    let bare = match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let from = rest[..end].rfind('@').map_or(0, |at| at + 1);
            format!("{scheme}://{}", &rest[from..])
        }
        None => url.to_owned(),
    };
    escape(&bare).into_owned()
}

/// `said` without the name and password of `url`, should a program have repeated them.
pub fn without_secrets(said: &str, url: &str) -> String {
    let secret = url.split_once("://").and_then(|(_, rest)| {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (secret, _) = rest[..end].rsplit_once('@')?;
        Some(secret).filter(|secret| !secret.is_empty())
    });
    let Some(secret) = secret else { return said.to_owned() };
    let bare = said.replace(&format!("{secret}@"), "");
    match secret.split_once(':') {
        Some((_, password)) if password.len() >= 4 => bare.replace(password, "***"),
        _ => bare,
    }
}

/// The number at the end of a pull request's page.
pub fn number_of(url: &str) -> Option<u64> {
    let (before, number) = url.trim_end_matches('/').rsplit_once('/')?;
    let known = before.ends_with("/pull") || before.ends_with("/merge_requests");
    number.parse().ok().filter(|_| known)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_remote_is_found_on_the_web_whatever_the_form_of_its_address() {
        for (url, host, path) in [
            ("https://github.com/ada/neon.git", "github.com", "ada/neon"),
            ("https://ada:s3cret@GitHub.com/ada/neon/", "github.com", "ada/neon"),
            ("http://git.example.com:8080/g/s/p.git", "git.example.com:8080", "g/s/p"),
            ("git@github.com:ada/neon.git", "github.com", "ada/neon"),
            ("github.com:/ada/neon", "github.com", "ada/neon"),
            ("ssh://git@gitlab.com:2222/g/s/p.git", "gitlab.com", "g/s/p"),
            ("ssh://git@ssh.github.com:443/ada/neon.git", "github.com", "ada/neon"),
            ("git://example.org/a/b", "example.org", "a/b"),
            ("https://github.com/ada/a%20b \"c", "github.com", "ada/a%20b%20%22c"),
        ] {
            let site = Site { host: host.to_owned(), path: path.to_owned() };
            assert_eq!(Site::of(url), Some(site), "{url}");
        }
        for url in [
            "",
            "/srv/git/neon.git",
            "../neon",
            "file:///srv/a/b",
            "C/x:y/z",
            "https://github.com/neon",
            "https://github.com/../neon",
            "https://github.com",
            "git@:a/b",
            "ext::sh -c x%S a/b",
            "https://-x/a/b",
            "https://a\u{1b}[2J.com/a/b",
            "ssh://$(id)/a/b",
        ] {
            assert_eq!(Site::of(url), None, "{url}");
        }
    }

    #[test]
    fn the_page_of_a_request_to_be_has_both_branches_encoded() {
        let (main, fork) = (Site::of("git@github.com:ada/neon").unwrap(), Site::of("git@github.com:bob/neon").unwrap());
        let page = main.new_request(Forge::GitHub, (&main, "task/A#1&x"), "main");
        assert_eq!(page, "https://github.com/ada/neon/compare/main...task/A%231%26x?expand=1");
        let page = main.new_request(Forge::GitHub, (&fork, "task/A"), "release/1");
        assert_eq!(page, "https://github.com/ada/neon/compare/release/1...bob:task/A?expand=1");
        let site = Site::of("https://gitlab.com/g/s/p.git").unwrap();
        let page = site.new_request(Forge::GitLab, (&site, "task/é"), "main");
        assert_eq!(
            page,
            "https://gitlab.com/g/s/p/-/merge_requests/new?merge_request%5Bsource_branch%5D=task%2F%C3%A9\
             &merge_request%5Btarget_branch%5D=main"
        );
    }

    #[test]
    fn hosts_are_known_by_name_and_pages_by_number() {
        for (host, forge) in [
            ("github.com", Some(Forge::GitHub)),
            ("gitlab.com", Some(Forge::GitLab)),
            ("gitlab.example.org:8443", Some(Forge::GitLab)),
            ("github.com.example.org", None),
            ("git.example.org", None),
            ("notgitlab.com", None),
        ] {
            assert_eq!(Forge::of_host(host), forge, "{host}");
        }
        assert_eq!(number_of("https://github.com/a/b/pull/12"), Some(12));
        assert_eq!(number_of("https://gitlab.com/a/b/-/merge_requests/7/"), Some(7));
        assert_eq!(number_of("https://github.com/a/b/issues/12"), None);
    }

    #[test]
    fn no_secret_is_shown() {
        for (url, bare) in [
            ("https://ada:s3cret@github.com/a/b", "https://github.com/a/b"),
            ("https://token@h:1/a@b/c", "https://h:1/a@b/c"),
            ("https://a:b@c@h/x", "https://h/x"),
            ("git@github.com:a/b", "git@github.com:a/b"),
            ("/srv/a\u{1b}", "/srv/a\\e"),
        ] {
            assert_eq!(shown(url), bare);
        }
        let said = "unable to access 'https://ada:s3cret@h/a/': s3cret is wrong";
        assert_eq!(without_secrets(said, "https://ada:s3cret@h/a"), "unable to access 'https://h/a/': *** is wrong");
        assert_eq!(without_secrets("as it is", "git@h:a/b"), "as it is");
    }

    proptest! {
        /// What is made of any address is plain, and makes the same site again.
        #[test]
        fn a_site_is_plain_and_stands_still(url in "(https?://|ssh://|git@|)[a-zA-Z0-9.:@%/ \\-é\"'<>\u{1b}]{0,40}") {
            if let Some(site) = Site::of(&url) {
                prop_assert!(site.url().bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>`".contains(&byte)), "{site:?}");
                prop_assert_eq!(Site::of(&site.url()), Some(site));
            }
        }
    }
}
