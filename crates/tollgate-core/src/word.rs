//! The words of closed sets. A set is declared in one table, each member with the word by which the
//! database, the API, the logs and the command line know it; so a member without a word does not compile,
//! and no second list can differ.

/// A closed set whose members are words outside.
pub trait Word: Sized + Copy + Eq + 'static {
    /// Every member, as declared.
    const ALL: &'static [Self];

    /// The member's word.
    fn word(self) -> &'static str;

    /// The member of a word.
    fn of(word: &str) -> Option<Self>;
}

/// The words of all members, for those who list them.
pub fn words<W: Word>() -> impl Iterator<Item = &'static str> {
    W::ALL.iter().map(|member| member.word())
}

/// Declares closed sets: the members of each, what they mean, and their words.
#[macro_export]
macro_rules! closed_sets {
    ($(
        $(#[$meta:meta])*
        $vis:vis enum $set:ident {
            $($(#[$about:meta])* $member:ident = $word:literal,)*
        }
    )*) => {$(
        $(#[$meta])*
        $vis enum $set {
            $($(#[$about])* $member,)*
        }

        impl $crate::word::Word for $set {
            const ALL: &'static [$set] = &[$($set::$member),*];

            fn word(self) -> &'static str {
                match self {
                    $($set::$member => $word,)*
                }
            }

            fn of(word: &str) -> Option<$set> {
                match word {
                    $($word => Some($set::$member),)*
                    _ => None,
                }
            }
        }
    )*};
}

pub use closed_sets;
