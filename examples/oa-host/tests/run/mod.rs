//! Starts the program on a free port with a database of its own, and talks to it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

/// A running host; ended when dropped.
pub(crate) struct Host {
    child: Running,
    address: String,
    _dir: Option<tempfile::TempDir>,
}

impl Host {
    /// Starts one with an administrator and nothing else.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", dir.path().join("oa.db").display());
        let host = Host::on(&database, arguments);
        Host { _dir: Some(dir), ..host }
    }

    /// Starts one on a database that is somewhere else, with an administrator where there is nobody.
    pub(crate) fn on(database: &str, arguments: &[&str]) -> Self {
        let mut command = Host::command(database, arguments);
        Host::of(command.stdout(Stdio::piped()).spawn().unwrap())
    }

    /// Like `on`, with variables of the environment; what it says of errors is kept.
    pub(crate) fn with(database: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Host::command(database, arguments);
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Host::of(command.spawn().unwrap())
    }

    fn command(database: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oa-host"));
        command.args(["--empty", "--listen", "127.0.0.1:0", "--database", database]).args(arguments);
        command
    }

    fn of(mut child: Child) -> Self {
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
        assert!(address.contains(':'), "{line}");
        Host { child: Running(child), address, _dir: None }
    }

    /// Ends it as a service manager does it; how it ended, and what it said of errors.
    #[cfg(unix)]
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let child = &mut self.child.0;
        let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(told.success());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (child.wait().unwrap(), said)
    }

    /// Host and port.
    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    /// Somebody without a cookie.
    pub(crate) fn browser(&self) -> Browser {
        Browser { base: format!("http://{}", self.address), headers: Vec::new(), cookie: String::new() }
    }

    /// Somebody with a cookie.
    pub(crate) fn with_cookie(&self, cookie: String) -> Browser {
        self.browser().with_cookie(cookie)
    }

    /// Signs a person in.
    pub(crate) fn sign_in(&self, user: &str) -> Browser {
        let page = self.get("/sign-in");
        let form = [("_csrf", field(&page.body, "_csrf")), ("org", "demo".to_owned()), ("user", user.to_owned())];
        let answer = self.with_cookie(page.cookie()).post("/sign-in", &form);
        assert_eq!(answer.status, 303, "{}", answer.body);
        self.with_cookie(answer.cookie())
    }

    /// Asks for a page without a cookie.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.browser().get(path)
    }

    /// Sends JSON without a cookie.
    pub(crate) fn post_json(&self, path: &str, body: &str) -> Answer {
        self.browser().post_bytes(path, "application/json", body.as_bytes())
    }
}

/// A process that ends with its holder.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Somebody who sends requests. Redirections are not followed.
#[derive(Clone)]
pub(crate) struct Browser {
    base: String,
    headers: Vec<(String, String)>,
    cookie: String,
}

impl Browser {
    /// With a cookie, as `name=value`.
    pub(crate) fn with_cookie(&self, cookie: String) -> Browser {
        Browser { cookie, ..self.clone() }
    }

    /// With one more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Browser {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn agent() -> ureq::Agent {
        let config = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)));
        config.build().into()
    }

    /// Asks for a page.
    pub(crate) fn get(&self, path: &str) -> Answer {
        let mut request = Self::agent().get(format!("{}{path}", self.base)).header("cookie", &self.cookie);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        Answer::of(request.call().unwrap())
    }

    /// Sends a form.
    pub(crate) fn post(&self, path: &str, form: &[(&str, String)]) -> Answer {
        let mut body = String::new();
        for (name, value) in form {
            if !body.is_empty() {
                body.push('&');
            }
            body.push_str(name);
            body.push('=');
            for byte in value.bytes() {
                body.push_str(&format!("%{byte:02X}"));
            }
        }
        self.post_bytes(path, "application/x-www-form-urlencoded", body.as_bytes())
    }

    /// Calls an operation of the API.
    pub(crate) fn api(&self, operation: &str, input: &serde_json::Value) -> Answer {
        self.post_bytes(&format!("/api/{operation}"), "application/json", input.to_string().as_bytes())
    }

    /// Sends anything.
    pub(crate) fn post_bytes(&self, path: &str, content_type: &str, body: &[u8]) -> Answer {
        let mut request = Self::agent()
            .post(format!("{}{path}", self.base))
            .header("content-type", content_type)
            .header("cookie", &self.cookie);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        Answer::of(request.send(body).unwrap())
    }
}

/// What was answered.
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    headers: BTreeMap<String, String>,
    /// The body.
    pub(crate) body: String,
}

impl Answer {
    fn of(mut response: ureq::http::Response<ureq::Body>) -> Self {
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        // A workbook is no text.
        let body = response.body_mut().with_config().limit(50_000_000).read_to_vec().unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { status: response.status().as_u16(), headers, body }
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).cloned().unwrap_or_default()
    }

    /// The cookie that was set, as `name=value`.
    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }
}

/// The value of the first field of a name on a page.
pub(crate) fn field(page: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let value = page.split(&mark).nth(1).unwrap_or_else(|| panic!("no {name} on the page: {page}"));
    value.split('"').next().unwrap().to_owned()
}

/// Runs the program where it is expected to refuse.
pub(crate) fn refused(arguments: &[String]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_oa-host")).args(arguments).output().unwrap()
}
