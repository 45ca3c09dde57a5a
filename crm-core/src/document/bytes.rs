//! Where the bytes of documents are: a port of the host (C5), and a folder on disk that fills it.

use super::{Document, NewDocument};
use crate::actor::OrgId;
use crate::crm::Session;
use crate::customer::CustomerId;
use crate::error::Error;
use crate::id::{ContractId, DocumentId};
use crate::record::Removed;
use std::io::{self, Read};

/// Keeps the bytes of documents. What is kept under a reference never changes.
pub trait DocumentBytes: Send + Sync {
    /// Keeps what can be read, for good: after an answer it is there, even if the power fails.
    ///
    /// # Errors
    /// When it can't be kept, or is more than `most` bytes ([`io::ErrorKind::FileTooLarge`]); nothing is kept then.
    fn keep(&self, org: &OrgId, most: u64, content: &mut dyn Read) -> io::Result<KeptBytes>;

    /// Reads what is kept.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`], or when it can't be read.
    fn read(&self, reference: &str) -> io::Result<Box<dyn Read + Send>>;

    /// Discards what is kept; what is not there is discarded already.
    ///
    /// # Errors
    /// When it can't be discarded.
    fn discard(&self, reference: &str) -> io::Result<()>;
}

/// What a port says of bytes that it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBytes {
    /// Where they are, 1 to 500 characters.
    pub reference: String,
    /// How many.
    pub size: u64,
    /// Their SHA-256, in 64 hexadecimal digits.
    pub sha256: String,
}

impl Session<'_> {
    /// Keeps the bytes of a document and attaches it; where it can't be attached they are discarded.
    ///
    /// # Errors
    /// Those of [`Session::attach_document`]; [`Error::Unavailable`] when the bytes can't be kept.
    pub fn attach_bytes(
        &self,
        bytes: &dyn DocumentBytes,
        customer: CustomerId,
        contract: Option<ContractId>,
        (name, media_type): (&str, &str),
        content: &mut dyn Read,
    ) -> Result<Document, Error> {
        let kept = bytes.keep(self.actor().org(), super::commands::MOST_BYTES.unsigned_abs(), content);
        let kept = kept.map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => crate::error::Violation::out_of_range("size").into(),
            _ => unavailable(&error),
        })?;
        let document = NewDocument {
            contract,
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size: i64::try_from(kept.size).unwrap_or(i64::MAX),
            sha256: kept.sha256,
            reference: kept.reference.clone(),
        };
        self.attach_document(customer, document).inspect_err(|error| {
            // Where the answer was lost it may be attached all the same.
            if !matches!(error, Error::Unavailable { .. }) {
                let _ = bytes.discard(&kept.reference);
            }
        })
    }

    /// A document and its bytes.
    ///
    /// # Errors
    /// Those of [`Session::document`]; [`Error::Unavailable`] when the bytes can't be read.
    pub fn document_bytes(
        &self,
        bytes: &dyn DocumentBytes,
        document: DocumentId,
    ) -> Result<(Document, Box<dyn Read + Send>), Error> {
        let found = self.document(document)?;
        let content = bytes.read(&found.reference).map_err(|error| unavailable(&error))?;
        Ok((found, content))
    }

    /// Takes a document away and discards its bytes. What time takes away is told by the event `document_removed`, whose
    /// `reference` the host discards.
    ///
    /// # Errors
    /// Those of [`Session::remove_document`].
    pub fn remove_bytes(&self, bytes: &dyn DocumentBytes, document: DocumentId) -> Result<Removed, Error> {
        let found = self.document(document)?;
        let removed = self.remove_document(document)?;
        // The event tells the reference once more.
        let _ = bytes.discard(&found.reference);
        Ok(removed)
    }
}

fn unavailable(error: &io::Error) -> Error {
    Error::Unavailable { reason: format!("the bytes of a document: {error}"), retryable: true }
}

#[cfg(feature = "system")]
pub use folder::DocumentFolder;

#[cfg(feature = "system")]
mod folder {
    use super::{DocumentBytes, KeptBytes};
    use crate::actor::OrgId;
    use crate::text::hex;
    use sha2::{Digest as _, Sha256};
    use std::fs::{self, File};
    use std::io::{self, Read, Write as _};
    use std::path::{Path, PathBuf};

    /// Keeps documents in a folder, one file each, in a folder per organisation. Names are drawn, so that nothing that
    /// people type becomes a path. A file that a crash left without its document does no harm.
    ///
    /// ```
    /// use crm_core::{DocumentBytes, DocumentFolder, OrgId};
    /// let dir = tempfile::tempdir()?;
    /// let folder = DocumentFolder::new(dir.path());
    /// let kept = folder.keep(&OrgId::new("acme")?, 1_000, &mut "报价单".as_bytes())?;
    /// let mut text = String::new();
    /// folder.read(&kept.reference)?.read_to_string(&mut text)?;
    /// assert_eq!((text.as_str(), kept.size), ("报价单", 9));
    /// # use std::io::Read as _;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Debug, Clone)]
    pub struct DocumentFolder {
        root: PathBuf,
    }

    impl DocumentFolder {
        /// In a folder, which is made for the first document.
        pub fn new(root: impl Into<PathBuf>) -> Self {
            DocumentFolder { root: root.into() }
        }

        /// The file of a reference; only references of this folder's own form have one.
        fn path(&self, reference: &str) -> io::Result<PathBuf> {
            let digits = |part: &str, many| part.len() == many && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            match reference.split_once('/') {
                Some((org, name)) if digits(org, 16) && digits(name, 32) => Ok(self.root.join(org).join(name)),
                _ => Err(io::Error::new(io::ErrorKind::NotFound, "no reference of this folder")),
            }
        }
    }

    impl DocumentBytes for DocumentFolder {
        fn keep(&self, org: &OrgId, most: u64, content: &mut dyn Read) -> io::Result<KeptBytes> {
            let org: String = hex(&Sha256::digest(org.as_str())).chars().take(16).collect();
            let folder = self.root.join(&org);
            fs::create_dir_all(&folder)?;
            let mut name = [0; 16];
            getrandom::fill(&mut name).map_err(|error| io::Error::other(format!("no random bytes: {error}")))?;
            let reference = format!("{org}/{}", hex(&name));
            let path = self.path(&reference)?;
            let part = path.with_extension("part");
            let written = write(&part, most, content).and_then(|kept| {
                fs::rename(&part, &path)?;
                // The name is there for good only with its folder.
                #[cfg(unix)]
                File::open(&folder)?.sync_all()?;
                Ok(kept)
            });
            if written.is_err() {
                let _ = fs::remove_file(&part);
            }
            let (size, sha256) = written?;
            Ok(KeptBytes { reference, size, sha256 })
        }

        fn read(&self, reference: &str) -> io::Result<Box<dyn Read + Send>> {
            Ok(Box::new(File::open(self.path(reference)?)?))
        }

        fn discard(&self, reference: &str) -> io::Result<()> {
            match self.path(reference).and_then(fs::remove_file) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done,
            }
        }
    }

    /// The size and the hash of what was written.
    fn write(path: &Path, most: u64, content: &mut dyn Read) -> io::Result<(u64, String)> {
        let mut file = File::create_new(path)?;
        let (mut size, mut hash) = (0_u64, Sha256::new());
        let mut block = vec![0; 64 * 1024];
        loop {
            let read = match content.read(&mut block) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let Some(read) = block.get(..read) else { break };
            size = size.saturating_add(read.len() as u64);
            if size > most {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than a document may have"));
            }
            hash.update(read);
            file.write_all(read)?;
        }
        file.sync_all()?;
        Ok((size, hex(&hash.finalize())))
    }
}
