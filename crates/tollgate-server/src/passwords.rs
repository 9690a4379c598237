//! Passwords: argon2id with the figures that OWASP names, a few at a time.
//!
//! Each look takes 19 MiB, so a crowd that signs in waits in a line that has an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What is looked at in the place of a user that there is not: nobody has this password, and it takes as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$dG9sbGdhdGUtbm9ib2R5LQ\
     $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a password was not looked at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotHashed {
    /// More wait than may.
    Crowded,
    /// A fault of ours.
    Broken,
}

/// Who looks at passwords.
#[derive(Debug)]
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
}

impl Passwords {
    /// So many at one time, and so many that wait.
    pub(crate) fn new(at_once: usize, waiting_max: usize) -> Passwords {
        Passwords {
            places: Arc::new(Semaphore::new(at_once)),
            waiting: AtomicUsize::new(0),
            waiting_max,
        }
    }

    /// The hash of a new password, as a PHC string.
    pub(crate) async fn hash(&self, password: &SecretString) -> Result<String, NotHashed> {
        let password = password.clone();
        self.aside(move || {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt).expect("the system has random numbers");
            let hashed = argon2()
                .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
                .map_err(|_| NotHashed::Broken)?;
            Ok(hashed.to_string())
        })
        .await
    }

    /// Whether it is the password of this hash; without one the same work is done, and it is not.
    pub(crate) async fn verify(
        &self,
        password: &SecretString,
        hash: Option<String>,
    ) -> Result<bool, NotHashed> {
        let password = password.clone();
        self.aside(move || {
            let known = hash.as_deref().unwrap_or(NOBODY);
            let parsed = PasswordHash::new(known).map_err(|_| NotHashed::Broken)?;
            let verified = argon2().verify_password(password.expose_secret().as_bytes(), &parsed);
            Ok(verified.is_ok() && hash.is_some())
        })
        .await
    }

    /// Does it on a thread of its own, when there is a place.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, NotHashed> + Send + 'static,
    ) -> Result<T, NotHashed> {
        let _waiting = Waiting::join(&self.waiting, self.waiting_max)?;
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| NotHashed::Broken)?;
        let done = tokio::task::spawn_blocking(move || {
            // The place is held as long as the memory, whether the caller is still there or not.
            let _place = place;
            work()
        });
        done.await.unwrap_or(Err(NotHashed::Broken))
    }
}

/// A place in the line.
struct Waiting<'a>(&'a AtomicUsize);

impl Waiting<'_> {
    fn join(waiting: &AtomicUsize, most: usize) -> Result<Waiting<'_>, NotHashed> {
        let joined = Waiting(waiting);
        match waiting.fetch_add(1, Ordering::Relaxed) < most {
            true => Ok(joined),
            false => Err(NotHashed::Crowded),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("these figures are allowed");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_and_by_no_other() {
        let passwords = Passwords::new(2, 8);
        let password = secret("correct horse battery");
        let hash = passwords.hash(&password).await.expect("it is hashed");
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        let other = passwords.hash(&password).await.expect("it is hashed");
        assert_ne!(hash, other, "each has a salt of its own");
        let verify = async |text: &str, hash: Option<&String>| {
            passwords.verify(&secret(text), hash.cloned()).await
        };
        assert_eq!(verify("correct horse battery", Some(&hash)).await, Ok(true));
        assert_eq!(
            verify("correct horse batterz", Some(&hash)).await,
            Ok(false)
        );
        assert_eq!(verify("correct horse battery", None).await, Ok(false));
    }

    /// Whoever comes when the line is full is told so, and costs no memory.
    #[tokio::test]
    async fn a_crowd_waits_in_a_line_that_has_an_end() {
        let passwords = Passwords::new(1, 2);
        let held = Arc::clone(&passwords.places).acquire_owned().await;
        let password = secret("correct horse battery");
        let one = passwords.verify(&password, None);
        let two = passwords.verify(&password, None);
        let three = passwords.verify(&password, None);
        let free = async {
            tokio::task::yield_now().await;
            drop(held);
        };
        let (one, two, three, ()) = tokio::join!(one, two, three, free);
        assert_eq!((one, two), (Ok(false), Ok(false)));
        assert_eq!(three, Err(NotHashed::Crowded));
        assert_eq!(
            passwords.verify(&password, None).await,
            Ok(false),
            "there is room again"
        );
    }

    /// What stands for nobody is read as any hash is, and takes the same work.
    #[test]
    fn nobody_has_the_figures_of_everybody() {
        let parsed = PasswordHash::new(NOBODY).expect("it is a PHC string");
        let params = Params::try_from(&parsed).expect("it has figures");
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (MEMORY_KIB, PASSES, LANES)
        );
    }
}
