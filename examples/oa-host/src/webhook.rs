//! A webhook: a consumer elsewhere is told of what people are to be notified of, as [Standard Webhooks] asks.
//!
//! One request for each event, in the order of their numbers. What the consumer did not take is kept by the CRM, as long as events wait there
//! (90 days), and tried again until it is taken, while what comes later waits. It is told at least once: when this process breaks off
//! between an answer and its acknowledgement, the same event comes again under the same `webhook-id`. Of several hosts on one database
//! only one is to have a webhook.
//!
//! [Standard Webhooks]: https://www.standardwebhooks.com

use crate::app::Shared;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crm_core::{Actor, Crm, Error, Event, ReminderRow, ReminderState, Session};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// Where the secret is: what stands on a command line others see.
pub(crate) const SECRET: &str = "OA_NOTIFY_SECRET";

/// Under this name the CRM keeps how far the consumer has come.
const CONSUMER: &str = "webhook";
/// How many events are looked at in one go.
const EVENTS: i32 = 200;
/// The time between looks at what is new.
const LOOK: Duration = Duration::from_secs(2);
/// The wait after the first try that failed; after each further one it is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// The time for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// The time for a connection, the request and the answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the end of the process waits for an answer on its way and its acknowledgement.
const LAST_ANSWER: Duration = Duration::from_secs(1);

/// Where to tell, and how it is signed.
pub(crate) struct Webhook {
    agent: ureq::Agent,
    url: String,
    /// The part of the address that is no secret: what follows it often is one.
    origin: String,
    key: Hmac<Sha256>,
}

impl Webhook {
    /// At an address, with the secret of the environment.
    pub(crate) fn new(url: &str, secret: Option<OsString>) -> Result<Self, String> {
        let origin = origin(url).map_err(|why| format!("--notify-webhook: {why}"))?;
        let secret = secret.filter(|secret| !secret.is_empty());
        let secret = secret.ok_or_else(|| format!("--notify-webhook: the secret is missing in {SECRET}"))?;
        let key = key(&secret.to_string_lossy());
        let key = key.ok_or_else(|| format!("{SECRET}: it is not whsec_ and the base64 of 24 to 64 bytes"))?;
        let config = ureq::Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            // A connection that was kept may be closed by the time it is needed, which looks like a failure.
            .max_idle_connections(0)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(ANSWER))
            .user_agent(concat!("oa-host/", env!("CARGO_PKG_VERSION")));
        let config = if origin.starts_with("https:") { config.tls_config(trusted()?) } else { config };
        Ok(Webhook { agent: config.build().into(), url: url.to_owned(), origin, key })
    }

    /// The signature of a message.
    fn signature(&self, id: &str, at: u64, body: &str) -> String {
        let mut mac = self.key.clone();
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }

    /// Tells, once. What the answer says beside its status is not read.
    fn post(&self, id: &str, body: &str) -> Result<(), Failed> {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let request = self.agent.post(&self.url).header("content-type", "application/json");
        let request = request.header("webhook-id", id).header("webhook-timestamp", at.to_string());
        let answer = request.header("webhook-signature", self.signature(id, at, body)).send(body);
        let answer = match answer {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => answer,
            Err(ureq::Error::Timeout(_)) => return Err(Failed::new(format!("{} did not answer in time", self.origin))),
            Err(error) => return Err(Failed::new(format!("{} is not reached: {error}", self.origin))),
        };
        let status = answer.status();
        let why = if status.is_redirection() { ", and redirects are not followed" } else { "" };
        let after = answer.headers().get("retry-after").and_then(|after| after.to_str().ok()?.trim().parse().ok());
        let why = format!("{} answered {}{why}", self.origin, status.as_u16());
        Err(Failed { why, after: after.map(Duration::from_secs) })
    }
}

/// Checks an address; its scheme, host and port. What is wrong is said without repeating it.
fn origin(url: &str) -> Result<String, &'static str> {
    let uri: Uri = url.parse().map_err(|_| "it is not an address of http or https")?;
    let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme));
    let (scheme, authority) = scheme.zip(uri.authority()).ok_or("it is not an address of http or https")?;
    if authority.as_str().contains('@') {
        return Err("a name or a password in the address is not taken");
    }
    if url.contains('#') {
        return Err("a fragment in the address is not taken");
    }
    let (host, port) = (authority.host(), authority.port_u16());
    // A port that is none would count as not given.
    let known = port.map_or(authority.as_str() == host, |port| port > 0);
    if host.is_empty() || !known {
        return Err("its host or its port is not one");
    }
    Ok(format!("{scheme}://{authority}"))
}

fn key(secret: &str) -> Option<Hmac<Sha256>> {
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    Hmac::new_from_slice(&key).ok().filter(|_| (24..=64).contains(&key.len()))
}

/// The certificates that the machine trusts.
fn trusted() -> Result<TlsConfig, String> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        return Err(format!("--notify-webhook: this machine trusts no certificate{why}"));
    }
    let roots = RootCerts::from(found.certs.iter().map(|own| Certificate::from_der(own).to_owned()));
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    Ok(TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(ring).build())
}

/// Why the consumer did not take an event.
struct Failed {
    why: String,
    /// When it asks to be told again.
    after: Option<Duration>,
}

impl Failed {
    fn new(why: String) -> Self {
        Failed { why, after: None }
    }
}

/// Why there was no going on.
enum Trouble {
    Consumer(Failed),
    Crm(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Crm(error)
    }
}

/// Tells what there is, over and over.
struct Worker<'a, P, W> {
    crm: &'a Crm,
    orgs: &'a [String],
    /// Tells of an event, by its id and the body.
    post: P,
    /// Waits, and says whether to go on.
    wait: W,
    /// What is to be acknowledged before anything else is told. To begin with nothing: from then on the events wait for the consumer.
    reached: BTreeMap<&'a str, i64>,
    /// The tries that failed since the consumer took something, and since all was well.
    tries: u32,
    failed: u32,
}

impl<'a, P, W> Worker<'a, P, W>
where
    P: FnMut(&str, &str) -> Result<(), Failed>,
    W: FnMut(Duration) -> bool,
{
    fn new(crm: &'a Crm, orgs: &'a [String], post: P, wait: W) -> Self {
        let reached = orgs.iter().map(|org| (org.as_str(), 0)).collect();
        Worker { crm, orgs, post, wait, reached, tries: 0, failed: 0 }
    }

    /// Until the wait says that it is enough.
    fn run(&mut self) {
        loop {
            let rest = match self.round() {
                Ok(()) => self.well(),
                Err(failed) => self.later(&failed),
            };
            if !(self.wait)(rest) {
                return;
            }
        }
    }

    fn well(&mut self) -> Duration {
        if self.failed > 0 {
            eprintln!("the webhook has all there is, tries that failed before: {}", self.failed);
        }
        (self.tries, self.failed) = (0, 0);
        LOOK
    }

    /// When it is tried again. A failure that lasts is said ever more seldom.
    fn later(&mut self, failed: &Failed) -> Duration {
        self.failed = self.failed.saturating_add(1);
        if is_said(self.failed) {
            eprintln!("{}; nothing is lost, it is tried again (tries that failed: {})", failed.why, self.failed);
        }
        let rest = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.tries));
        self.tries = self.tries.saturating_add(1);
        rest.max(failed.after.unwrap_or_default()).min(LONGEST_WAIT)
    }

    /// Tells what there is, of all organisations.
    fn round(&mut self) -> Result<(), Failed> {
        let mut trouble = Ok(());
        for org in self.orgs {
            match self.tell(org) {
                Ok(()) | Err(Trouble::Crm(Error::ActorUnknown { .. })) => {} // It was never founded here.
                // It is being moved: where it arrives, its events go on.
                Err(Trouble::Crm(Error::Refused(refusal))) if refusal.code == "organisation_closed" => {}
                Err(Trouble::Crm(error)) => {
                    trouble = Err(Failed::new(format!("the events of {org} for the webhook are not had: {error}")))
                }
                Err(Trouble::Consumer(failed)) => {
                    return Err(Failed {
                        why: format!("an event of {org} waits for the webhook: {}", failed.why),
                        ..failed
                    });
                }
            }
        }
        trouble
    }

    fn tell(&mut self, org: &'a str) -> Result<(), Trouble> {
        let session = self.crm.as_user(&Actor::system(org, CONSUMER)?);
        loop {
            self.acknowledge(org, &session)?;
            let events = session.events(CONSUMER.to_owned(), EVENTS)?;
            if events.is_empty() {
                return Ok(());
            }
            for event in events {
                if !(self.wait)(Duration::ZERO) {
                    return Ok(());
                }
                let body = self.body(org, &event)?;
                if let Some(body) = &body {
                    (self.post)(&event.id.to_string(), body).map_err(Trouble::Consumer)?;
                    self.tries = 0;
                }
                // What nobody is told of is acknowledged together with what follows.
                self.reached.insert(org, event.number);
                if body.is_some() {
                    self.acknowledge(org, &session)?;
                }
            }
        }
    }

    fn acknowledge(&mut self, org: &str, session: &Session<'_>) -> Result<(), Error> {
        if let Some(number) = self.reached.get(org) {
            session.acknowledge_events(CONSUMER.to_owned(), *number)?;
            self.reached.remove(org);
        }
        Ok(())
    }

    /// What is told of an event; nothing where nobody is to be notified.
    fn body(&self, org: &str, event: &Event) -> Result<Option<String>, Error> {
        let people = event.data.get("notify").and_then(Value::as_array);
        let Some(person) = people.and_then(|people| people.first()?.as_str()) else { return Ok(None) };
        let data = if event.kind == "reminder_due" {
            let Some(reminder) = self.reminder(org, person, &event.subject)? else { return Ok(None) };
            json!({"organisation": org, "event": event, "reminder": reminder})
        } else {
            json!({"organisation": org, "event": event})
        };
        Ok(Some(json!({"type": event.kind, "timestamp": event.at, "data": data}).to_string()))
    }

    /// A reminder as its person sees it now, with every try anew: nothing where he may not see it any more, or where it does not wait
    /// for him. What he lets rest is an event of its own when it comes back.
    fn reminder(&self, org: &str, person: &str, id: &str) -> Result<Option<ReminderRow>, Error> {
        match self.crm.as_user(&Actor::user(org, person)?).reminder(id.parse()?) {
            Ok(row) => Ok(Some(row).filter(|row| row.reminder.state == ReminderState::Open)),
            Err(Error::NotFound { .. } | Error::ActorUnknown { .. } | Error::Forbidden { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether the failure of this number is said.
fn is_said(failed: u32) -> bool {
    failed == 1 || (failed >= 8 && failed.is_power_of_two())
}

/// A thread that tells. It is none of those that answer requests, and none that the end of the process waits for.
pub(crate) struct Delivery {
    stop: Sender<Infallible>,
    ended: Receiver<Infallible>,
}

impl Delivery {
    /// Begins to tell.
    pub(crate) fn start(app: Shared, webhook: Webhook) -> std::io::Result<Self> {
        let (stop, stopped) = channel::<Infallible>();
        let (ends, ended) = channel();
        let work = move || {
            // Dropped with the thread.
            let _ends = ends;
            let wait = |rest| matches!(stopped.recv_timeout(rest), Err(RecvTimeoutError::Timeout));
            Worker::new(&app.crm, &app.orgs, |id, body| webhook.post(id, body), wait).run();
        };
        std::thread::Builder::new().name(CONSUMER.to_owned()).spawn(work)?;
        Ok(Delivery { stop, ended })
    }

    /// Tells nothing more. An answer that is there soon is still acknowledged.
    pub(crate) fn end(self) {
        drop(self.stop);
        let _ = self.ended.recv_timeout(LAST_ANSWER);
    }
}

#[cfg(test)]
mod tests;
