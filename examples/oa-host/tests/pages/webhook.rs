//! What people are to be notified of is told to a consumer elsewhere: signed, in order, again until it takes it, and no more then.

use crate::pools::{call, staff};
use crate::recycling::Behind;
use crate::reminders::{earlier, replied};
use crate::run::{Browser, Host};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crm_core::store::sql::sqlite::SqliteOptions;
use crm_core::store::sql::{SqlOptions, SqliteStore};
use crm_core::{Actor, Crm, KINDS, NewOrganisation, PersonInput, SyncMode};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const SECRET: &str = "whsec_c2Vjb25kcywgbm90IG1pbnV0ZXMsIG5vdCBob3Vycw==";
/// Longer than a host needs to look for what is new.
const QUIET: Duration = Duration::from_secs(3);

/// What a consumer was told.
struct Told {
    line: String,
    headers: BTreeMap<String, String>,
    text: String,
    body: Value,
    at: Instant,
}

impl Told {
    fn read(stream: &mut impl Read) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let headers = lines[1..].iter().map(|line| line.split_once(": ").unwrap());
        let headers: BTreeMap<_, _> = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let mut text = vec![0; headers["content-length"].parse().unwrap()];
        reader.read_exact(&mut text).ok()?;
        let text = String::from_utf8(text).unwrap();
        let body = serde_json::from_str(&text).unwrap();
        Some(Told { line: lines.remove(0), headers, text, body, at: Instant::now() })
    }

    fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    fn event(&self) -> &Value {
        &self.body["data"]["event"]
    }

    /// That it is signed as the specification asks, now.
    #[track_caller]
    fn check(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let at: u64 = self.headers["webhook-timestamp"].parse().unwrap();
        assert!(at <= now && now - at < 60, "{at}, now {now}");
        let key = BASE64_STANDARD.decode(&SECRET[6..]).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{at}.{}", self.id(), self.text).as_bytes());
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        assert_eq!(self.headers["webhook-signature"], format!("v1,{signature}"));
        assert_eq!(self.headers["content-type"], "application/json");
        assert_eq!((self.id(), &self.body["type"]), (self.event()["id"].as_str().unwrap(), &self.event()["kind"]));
        assert!(!self.event()["data"]["notify"].as_array().unwrap().is_empty());
    }
}

/// A consumer on this machine.
struct Consumer {
    url: String,
    told: Receiver<Told>,
}

impl Consumer {
    /// What it answers to each request, by its number from 0: nothing, and the connection stays open; or lines.
    fn start(answers: impl Fn(usize) -> Option<String> + Send + 'static) -> Self {
        Consumer::on("http", Ok, answers)
    }

    fn on<S: Read + Write + Send + 'static>(
        scheme: &str,
        accept: impl Fn(std::net::TcpStream) -> std::io::Result<S> + Send + 'static,
        answers: impl Fn(usize) -> Option<String> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{}/hook?token=t", listener.local_addr().unwrap());
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let (mut open, mut number) = (Vec::new(), 0);
            for stream in listener.incoming() {
                let mut stream = accept(stream.unwrap()).unwrap();
                // Whoever does not trust the certificate says nothing.
                let Some(request) = Told::read(&mut stream) else { continue };
                let answer = answers(number);
                number += 1;
                if tell.send(request).is_err() {
                    return;
                }
                match answer {
                    Some(answer) => {
                        let _ = write!(stream, "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                    }
                    None => open.push(stream),
                }
            }
        });
        Consumer { url, told }
    }

    /// One that takes everything.
    fn willing() -> Self {
        Consumer::start(|_| Some("204 No Content".to_owned()))
    }

    #[track_caller]
    fn next(&self) -> Told {
        let told = self.told.recv_timeout(Duration::from_secs(30)).unwrap_or_else(|_| panic!("nothing is told"));
        told.check();
        told
    }

    /// That nothing more comes.
    #[track_caller]
    fn quiet(&self) {
        match self.told.recv_timeout(QUIET) {
            Err(RecvTimeoutError::Timeout) => {}
            Err(error) => panic!("{error}"),
            Ok(told) => panic!("told more: {}", told.text),
        }
    }

    /// A host that tells this one.
    fn told_by(&self, database: &str) -> Host {
        self.told_by_with(database, &[])
    }

    fn told_by_with(&self, database: &str, variables: &[(&str, &str)]) -> Host {
        let variables = [&[("OA_NOTIFY_SECRET", SECRET)], variables].concat();
        // What goes to a proxy would be seen by it.
        let proxies = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
        let proxies = proxies.map(|name| (name, "http://127.0.0.1:9"));
        let arguments = ["--tick-seconds", "1", "--notify-webhook", &self.url];
        Host::with(database, &arguments, &[&variables[..], &proxies].concat())
    }
}

fn database(dir: &tempfile::TempDir) -> String {
    format!("sqlite:{}", dir.path().join("oa.db").display())
}

/// Mei is replied to: of that she is to be notified.
fn reply(admin: &Browser, mei: &Browser, name: &str) -> String {
    replied(admin, mei, name, "收到")
}

#[test]
fn h1_a_consumer_is_told_signed_and_in_order_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let consumer = Consumer::willing();
    let host = consumer.told_by(&database(&dir));
    let (admin, mei, _) = staff(&host);
    let customers: Vec<String> =
        ["一号", "二号", "三号", "四号"].iter().map(|name| reply(&admin, &mei, name)).collect();
    let mut last = 0;
    let mut ids = BTreeSet::new();
    for customer in &customers {
        let told = consumer.next();
        assert_eq!(told.line, "POST /hook?token=t HTTP/1.1");
        assert_eq!(
            (&told.body["type"], &told.body["data"]["organisation"]),
            (&json!("reply_received"), &json!("demo"))
        );
        assert_eq!(told.body["timestamp"], told.event()["at"]);
        assert_eq!(
            (&told.event()["data"]["customer"], &told.event()["data"]["notify"]),
            (&json!(customer), &json!(["mei"]))
        );
        assert_eq!(told.body["data"].get("reminder"), None);
        let number = told.event()["number"].as_i64().unwrap();
        assert!(number > last && ids.insert(told.id().to_owned()), "{number} after {last}");
        last = number;
    }
    consumer.quiet();
    drop(host);
    // Another process goes on from there.
    let host = consumer.told_by(&database(&dir));
    consumer.quiet();
    let (admin, mei) = (host.sign_in("admin"), host.sign_in("mei"));
    let customer = reply(&admin, &mei, "五号");
    assert_eq!(consumer.next().event()["data"]["customer"], json!(customer));
    consumer.quiet();
}

#[test]
fn h1_what_was_not_taken_comes_again_as_it_was() {
    const ANSWERS: [&str; 5] =
        ["500 No", "200 OK", "404 No", "503 No\r\nretry-after: 3", "429 No\r\nretry-after: soon"];
    let consumer = Consumer::start(|number| Some(ANSWERS.get(number).unwrap_or(&"202 OK").to_string()));
    let dir = tempfile::tempdir().unwrap();
    let host = consumer.told_by(&database(&dir));
    let (admin, mei, _) = staff(&host);
    let customers = ["一号", "二号", "三号"].map(|name| reply(&admin, &mei, name));
    let told: Vec<Told> = (0..7).map(|_| consumer.next()).collect();
    let of: Vec<&str> = told.iter().map(|told| told.event()["data"]["customer"].as_str().unwrap()).collect();
    let [one, two, three] = [0, 1, 2].map(|number: usize| customers[number].as_str());
    assert_eq!(of, [one, one, two, two, two, two, three]);
    // The same event, under the same id and with the same words.
    let said: BTreeSet<(&str, &str)> = told.iter().map(|told| (told.id(), told.text.as_str())).collect();
    assert_eq!(said.len(), 3);
    let waited = told[4].at - told[3].at;
    assert!(waited >= Duration::from_secs(3), "{waited:?}");
    consumer.quiet();
}

#[cfg(unix)]
#[test]
fn h1_a_consumer_that_hangs_holds_neither_ticks_nor_the_end() {
    let consumer = Consumer::start(|_| None);
    let dir = tempfile::tempdir().unwrap();
    let host = consumer.told_by(&database(&dir));
    let (admin, mei, _) = staff(&host);
    let customer = reply(&admin, &mei, "云帆科技");
    let first = consumer.next();
    // While it hangs, a plan falls due that only a tick tells of.
    let at = crm_core::Environment::now(&crm_core::SystemEnvironment).unwrap().plus_millis(1_500);
    let plan = json!({"content": "再约", "next_at": at.to_string()});
    call(&mei, "follow_up", &json!({"customer": customer, "follow_up": plan}));
    let begin = Instant::now();
    while crate::json(&mei.get("/reminders/count"))["badge"] != "2" {
        assert!(begin.elapsed() < Duration::from_secs(8), "nothing ticks");
        std::thread::sleep(Duration::from_millis(100));
    }
    // Nobody answered within its time: it comes again.
    let again = consumer.next();
    assert_eq!((first.id(), &first.text), (again.id(), &again.text));
    let begin = Instant::now();
    let (status, said) = host.end();
    assert!(begin.elapsed() < Duration::from_secs(4), "it took {:?} to end", begin.elapsed());
    assert!(status.success(), "{status}");
    // Said once, and without what may be a secret of the address.
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("did not answer in time") && !said.contains("token"), "{said}");
}

#[test]
fn h1_a_redirect_is_not_followed() {
    let elsewhere = Consumer::willing();
    let to = elsewhere.url.clone();
    let consumer = Consumer::start(move |number| match number {
        0 => Some(format!("302 Found\r\nlocation: {to}")),
        1 => Some(format!("307 Temporary Redirect\r\nlocation: {to}")),
        _ => Some("200 OK".to_owned()),
    });
    let dir = tempfile::tempdir().unwrap();
    let host = consumer.told_by(&database(&dir));
    let (admin, mei, _) = staff(&host);
    reply(&admin, &mei, "云帆科技");
    let ids: BTreeSet<String> = (0..3).map(|_| consumer.next().id().to_owned()).collect();
    assert_eq!(ids.len(), 1);
    consumer.quiet();
    elsewhere.quiet();
}

#[test]
fn h1_what_a_person_may_no_longer_see_is_not_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("oa.db");
    {
        let store = SqliteStore::open_file(&file, SqliteOptions::default(), SqlOptions::new(KINDS)).unwrap();
        let crm = Crm::new(store, Behind(2));
        let system = crm.as_user(&Actor::system("demo", "set-up").unwrap());
        system.create_organisation(NewOrganisation::named("demo")).unwrap();
        let mut people = ["admin", "mei", "lan"].map(|id| PersonInput::new(id, id).unwrap());
        people[0].host_roles.push("crm_admin".to_owned());
        system.sync_people(people.to_vec(), SyncMode::Delta).unwrap();
        let admin = crm.as_user(&Actor::user("demo", "admin").unwrap());
        let mut settings = admin.settings().unwrap();
        settings.reminders.hour = 0;
        admin.change_settings(settings).unwrap();
        earlier(&crm.as_user(&Actor::user("demo", "mei").unwrap()), "云帆科技", 7, 1);
        earlier(&crm.as_user(&Actor::user("demo", "mei").unwrap()), "旧茶行", 7, 1);
    }
    // What is due is found by a host that tells nobody.
    {
        let host = Host::on(&database(&dir), &[]);
        let (admin, mei) = (host.sign_in("admin"), host.sign_in("mei"));
        while call(&admin, "tick", &json!({}))["done"] != 0 {}
        let page = call(&mei, "reminders", &json!({"query": {}, "page": {}}));
        let lost =
            page["items"].as_array().unwrap().iter().find(|row| row["about"]["customer_name"] == "云帆科技").unwrap();
        let transfer = json!({"customers": [lost["about"]["customer"]], "transfer": {"to": "lan"}});
        assert_eq!(call(&admin, "transfer_customers", &transfer)["failed"], 0);
    }
    let consumer = Consumer::willing();
    let _host = consumer.told_by(&database(&dir));
    let mut kinds = BTreeSet::new();
    loop {
        let told = consumer.next();
        if told.body["type"] != "reminder_due" {
            // To whom the customer came: ids alone.
            assert_eq!(told.body["type"], "customer_transferred");
            assert!(!told.text.contains("云帆科技") && told.body["data"].get("reminder").is_none(), "{}", told.text);
            break;
        }
        let row = &told.body["data"]["reminder"];
        assert_eq!(row["reminder"]["person"], told.event()["data"]["notify"][0]);
        if row["reminder"]["person"] == "mei" && row["about"]["contract"].is_null() {
            assert_eq!(row["about"]["customer_name"], "旧茶行");
        }
        kinds.insert(row["reminder"]["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["birthday", "contract_end", "instalment_due"]);
    consumer.quiet();
}

/// An authority and, signed by it, the certificate of a server at 127.0.0.1.
fn certify(directory: &Path) {
    let config = "[req]\ndistinguished_name = name\n[name]\n\
        [authority]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\n\
        [server]\nsubjectAltName = IP:127.0.0.1\nextendedKeyUsage = serverAuth\n";
    std::fs::write(directory.join("config"), config).unwrap();
    let openssl = |arguments: &str| {
        let done = Command::new("openssl").args(arguments.split(' ')).current_dir(directory).output();
        let done = done.unwrap_or_else(|error| panic!("openssl (apt-get install openssl): {error}"));
        assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config config";
    openssl(&format!("req -x509 {key} -days 30 -subj /CN=Authority -extensions authority -keyout ca.key -out ca.pem"));
    openssl(&format!("req {key} -subj /CN=Server -keyout server.key -out server.csr"));
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile config -extensions server -out server.pem",
    );
}

#[cfg(unix)]
#[test]
fn h1_https_is_told_where_its_certificate_is_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let [own, other] = ["own", "other"].map(|name| dir.path().join(name));
    for directory in [&own, &other] {
        std::fs::create_dir(directory).unwrap();
        certify(directory);
    }
    let chain = CertificateDer::pem_file_iter(own.join("server.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(own.join("server.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(chain, key).unwrap());
    let accept = move |stream| {
        let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        Ok(rustls::StreamOwned::new(connection, stream))
    };
    let consumer = Consumer::on("https", accept, |_| Some("200 OK".to_owned()));
    let trusting = |directory: &Path| {
        let authority = directory.join("ca.pem").display().to_string();
        consumer.told_by_with(&database(&dir), &[("SSL_CERT_FILE", &authority), ("SSL_CERT_DIR", "")])
    };
    let host = trusting(&other);
    let (admin, mei, _) = staff(&host);
    let customer = reply(&admin, &mei, "云帆科技");
    consumer.quiet();
    let (_, said) = host.end();
    assert!(said.contains("is not reached") && said.contains("certificate"), "{said}");
    let _host = trusting(&own);
    assert_eq!(consumer.next().event()["data"]["customer"], json!(customer));
    consumer.quiet();
}

#[test]
fn h1_a_webhook_that_can_not_be_told_ends_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let run = |url: &str, secret: Option<&str>| -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oa-host"));
        command.args(["--empty", "--database", &database(&dir), "--notify-webhook", url]);
        match secret {
            Some(secret) => command.env("OA_NOTIFY_SECRET", secret),
            None => command.env_remove("OA_NOTIFY_SECRET"),
        };
        command.output().unwrap()
    };
    const URL: &str = "http://127.0.0.1:9/";
    for (url, secret, said) in [
        (URL, None, "--notify-webhook: the secret is missing in OA_NOTIFY_SECRET"),
        (URL, Some(""), "--notify-webhook: the secret is missing in OA_NOTIFY_SECRET"),
        (URL, Some("geheim"), "OA_NOTIFY_SECRET: it is not whsec_ and the base64 of 24 to 64 bytes"),
        (URL, Some("whsec_Z2VoZWlt"), "OA_NOTIFY_SECRET: it is not whsec_ and the base64 of 24 to 64 bytes"),
        ("", Some(SECRET), "--notify-webhook: it is not an address of http or https"),
        ("ftp://127.0.0.1/", Some(SECRET), "--notify-webhook: it is not an address of http or https"),
        ("http://:80/", Some(SECRET), "--notify-webhook: its host or its port is not one"),
        ("http://a:b@127.0.0.1/", Some(SECRET), "--notify-webhook: a name or a password in the address is not taken"),
        ("http://127.0.0.1/#a", Some(SECRET), "--notify-webhook: a fragment in the address is not taken"),
    ] {
        let output = run(url, secret);
        assert_eq!(output.status.code(), Some(1), "{url}");
        assert_eq!(String::from_utf8(output.stderr).unwrap().trim_end(), format!("oa-host: {said}"), "{url}");
    }
    assert!(!dir.path().join("oa.db").exists());
}
