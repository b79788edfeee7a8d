//! The classes of characters that the expressions of OpenAI's encodings tell apart.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, HirKind};

/// A set of classes of characters. Each character is in exactly one class, the end of a text in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Classes(u8);

impl Classes {
    pub(super) const END: Self = Self(0);
    /// `\p{Lu}` and `\p{Lt}`.
    pub(super) const UPPER: Self = Self(1);
    /// `\p{Ll}`.
    pub(super) const LOWER: Self = Self(1 << 1);
    /// `\p{Lm}` and `\p{Lo}`: letters without case.
    pub(super) const CASELESS: Self = Self(1 << 2);
    /// `\p{M}`.
    pub(super) const MARK: Self = Self(1 << 3);
    /// `\p{N}`.
    pub(super) const NUMBER: Self = Self(1 << 4);
    /// `[\r\n]`.
    pub(super) const NEWLINE: Self = Self(1 << 5);
    /// `[\s--\r\n]`.
    pub(super) const BLANK: Self = Self(1 << 6);
    /// All others.
    pub(super) const OTHER: Self = Self(1 << 7);

    /// The characters that the expression of a single class matches. Everything else is `OTHER`.
    const EXPRESSIONS: [(&str, Self); 7] = [
        (r"[\p{Lu}\p{Lt}]", Self::UPPER),
        (r"\p{Ll}", Self::LOWER),
        (r"[\p{Lm}\p{Lo}]", Self::CASELESS),
        (r"\p{M}", Self::MARK),
        (r"\p{N}", Self::NUMBER),
        (r"[\r\n]", Self::NEWLINE),
        (r"[\s&&[^\r\n]]", Self::BLANK),
    ];

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn is_in(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

/// The class of each character, in two steps, since most blocks of characters are alike.
#[derive(Debug)]
pub(super) struct ClassTable {
    ascii: [Classes; 128],
    /// The number of the block in `blocks`, by the upper bits of the character.
    numbers: Vec<u8>,
    blocks: Vec<[Classes; ClassTable::BLOCK]>,
}

impl ClassTable {
    const BLOCK: usize = 256;

    /// Returns the table that all texts share.
    pub(super) fn shared() -> &'static Self {
        static SHARED: LazyLock<ClassTable> = LazyLock::new(ClassTable::new);
        &SHARED
    }

    /// Reads the classes from the tables of regex-syntax: those that tiktoken-rs uses.
    fn new() -> Self {
        let mut classes = vec![Classes::OTHER; char::MAX as usize + 1];
        for (expression, class) in Classes::EXPRESSIONS {
            for range in ranges(expression) {
                if let Some(characters) = classes.get_mut(range.0 as usize..=range.1 as usize) {
                    characters.fill(class);
                }
            }
        }
        let mut table = Self {
            ascii: [Classes::OTHER; 128],
            numbers: Vec::new(),
            blocks: Vec::new(),
        };
        for (entry, class) in table.ascii.iter_mut().zip(&classes) {
            *entry = *class;
        }
        for block in classes.chunks_exact(Self::BLOCK) {
            let number = table.blocks.iter().position(|other| other == block);
            let number = number.unwrap_or_else(|| {
                table.blocks.extend(<[Classes; Self::BLOCK]>::try_from(block));
                table.blocks.len() - 1
            });
            // Unicode 16 has 93 blocks that differ.
            table.numbers.push(u8::try_from(number).unwrap_or(u8::MAX));
        }
        table
    }

    #[inline]
    pub(super) fn class(&self, character: char) -> Classes {
        let code = character as usize;
        if let Some(class) = self.ascii.get(code) {
            return *class;
        }
        let number = self.numbers.get(code / Self::BLOCK);
        let block = number.and_then(|number| self.blocks.get(usize::from(*number)));
        let class = block.and_then(|block| block.get(code % Self::BLOCK));
        class.copied().unwrap_or(Classes::OTHER)
    }
}

/// Returns the ranges of characters that an expression of a single class matches.
fn ranges(expression: &str) -> Vec<(char, char)> {
    let parsed = regex_syntax::parse(expression).map(|hir| hir.into_kind());
    match parsed {
        Ok(HirKind::Class(Class::Unicode(class))) => {
            class.iter().map(|range| (range.start(), range.end())).collect()
        }
        _ => Vec::new(),
    }
}
