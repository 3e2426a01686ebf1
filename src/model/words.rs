//! Enums each of whose variants is one stable word: the word is written here once, and read back by the same list.

/// A text that is no word of an enum.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is no {kind}")]
pub struct UnknownWord {
    /// The enum.
    pub kind: &'static str,
    /// The text.
    pub word: String,
}

/// Declares an enum of words. Variants are ordered as they are declared; `ALL` has them in that order. `as_str` and
/// `Display` give a variant's word, and `FromStr` the variant of exactly that word.
macro_rules! words {
    (
        $(#[$about:meta])*
        $visible:vis enum $name:ident {
            $($(#[$variant_about:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        $visible enum $name {
            $($(#[$variant_about])* $variant,)+
        }

        impl $name {
            /// All, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::model::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                let known = Self::ALL.iter().copied().find(|known| known.as_str() == word);
                known.ok_or_else(|| $crate::model::UnknownWord {
                    kind: stringify!($name),
                    word: word.to_owned(),
                })
            }
        }
    };
}

pub(crate) use words;
