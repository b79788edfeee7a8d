//! Names whose values are secret: query parameters, headers, form fields and settings.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Returns whether the value of a name is secret, such as that of `access_token`, `X-Api-Key` or
/// `filter[password]`.
///
/// Case, `-`, `_`, white space and percent-encoding, even if repeated, are ignored. Each part of a structured
/// name is checked: `a[token]`, `token[]`, `user.password`. A name that ends in `token`, `secret`,
/// `password`, `apikey` and the like is also secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    parts(&decoded(name)).any(|part| is_secret(part.as_str()))
}

/// How likely the value after a name and a separator is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// A part of a URL in its `Debug` form: `query: Some("…")`.
    Part,
    /// Also a word of prose, with values that are often words: `code`.
    Code,
    /// Also a word of prose: `token`, `key`.
    Word,
    /// Not a word of prose: `x-api-key`, `client_secret`.
    Name,
    /// A header with a list or several words as its value: `authorization`, `cookie`.
    Line,
}

/// Returns the strength of a name in a text, in which `state=idle` and `tokens=5` are not secret.
pub(super) fn strength(name: &str) -> Option<Strength> {
    let of_part = |part: Part| match part.as_str() {
        "query" | "fragment" => Some(Strength::Part),
        "code" => Some(Strength::Code),
        "authorization" | "proxyauthorization" | "cookie" | "cookies" | "setcookie" => Some(Strength::Line),
        part if PROSE.contains(&part) => None,
        part if WORDS.contains(&part) => Some(Strength::Word),
        part => is_secret(part).then_some(Strength::Name),
    };
    parts(name).filter_map(of_part).max()
}

/// Undoes percent-encoding, also repeated encoding, up to a limit.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_ENCODINGS {
        if !text.contains('%') {
            break;
        }
        let next = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if next == *text {
            break;
        }
        text = Cow::Owned(next);
    }
    text
}

/// Returns whether two names are the same by the rules of [`is_secret_name`].
#[must_use]
pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    parts(&decoded(one)).eq(parts(&decoded(other)))
}

/// Returns whether a name, or a part of it, is another name: `token` in `filter[token]`.
#[must_use]
pub fn has_name(name: &str, other: &str) -> bool {
    let (name, other) = (decoded(name), decoded(other));
    parts(&name).eq(parts(&other)) || parts(&name).any(|part| parts(&other).eq([part]))
}

/// Returns the parts of a name in lower case, without ignored characters.
fn parts(name: &str) -> impl Iterator<Item = Part> {
    let is_end = |letter: char| !(letter.is_alphanumeric() || matches!(letter, '-' | '_' | '+' | ' ' | '\t'));
    name.split(is_end).filter(|part| !part.is_empty()).map(Part::new)
}

/// The letters of a part of a name, on the stack, since names are compared for every request.
#[derive(PartialEq)]
struct Part {
    bytes: [u8; MAX_NAME],
    length: usize,
}

impl Part {
    fn new(text: &str) -> Self {
        let mut part = Self {
            bytes: [0; MAX_NAME],
            length: 0,
        };
        let letters = text.chars().filter(|letter| letter.is_alphanumeric());
        for letter in letters.flat_map(char::to_lowercase) {
            let end = part.length + letter.len_utf8();
            let Some(room) = part.bytes.get_mut(part.length..end) else {
                break;
            };
            letter.encode_utf8(room);
            part.length = end;
        }
        part
    }

    fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

fn is_secret(part: &str) -> bool {
    NAMES.contains(&part)
        || ENDINGS.iter().any(|ending| part.ends_with(ending))
        || STEMS.iter().any(|stem| part.contains(stem))
}

/// The maximum number of nested encodings that are undone.
const MAX_ENCODINGS: usize = 8;
/// The maximum number of bytes of a part of a name that are compared.
const MAX_NAME: usize = 64;

/// Secret names, in lower case and without `-` and `_`.
const NAMES: &[&str] = &[
    "accountkey",
    "appkey",
    "assertion",
    "authcode",
    "authentication",
    "authorization",
    "authorizationcode",
    "awsaccesskeyid",
    "bearer",
    "bearertokens",
    "code",
    "codeverifier",
    "connectionstring",
    "consumerkey",
    "cookie",
    "cookie2",
    "cookies",
    "cred",
    "creds",
    "csrf",
    "databaseurl",
    "devicecode",
    "encryptionkey",
    "googleaccessid",
    "hmac",
    "hmackey",
    "jsessionid",
    "key",
    "keypairid",
    "licensekey",
    "magiclink",
    "masterkey",
    "mfa",
    "mfacode",
    "nonce",
    "oauthverifier",
    "onetimecode",
    "otp",
    "pass",
    "passcode",
    "passkey",
    "passwd",
    "phpsessid",
    "pin",
    "proxyauthenticate",
    "proxyauthorization",
    "pw",
    "pwd",
    "relaystate",
    "resetcode",
    "samlart",
    "samlrequest",
    "samlresponse",
    "serverkey",
    "session",
    "sessiondata",
    "sessionkey",
    "sessionstate",
    "setcookie",
    "setcookie2",
    "sharedkey",
    "sid",
    "sig",
    "sign",
    "signingkey",
    "ssn",
    "sso",
    "state",
    "ticket",
    "tokens",
    "totp",
    "usercode",
    "verificationcode",
    "verifier",
    "webhookurl",
    "wwwauthenticate",
    "xhoneycombteam",
];

/// Secret in a query, but common words with harmless values in a text.
const PROSE: &[&str] = &["nonce", "sign", "state", "tokens"];

/// Secret before `=`, but common words before `:`.
const WORDS: &[&str] = &[
    "assertion",
    "auth",
    "authentication",
    "bearer",
    "cred",
    "creds",
    "credential",
    "credentials",
    "key",
    "oauth",
    "pass",
    "pin",
    "session",
    "sid",
    "sig",
    "signature",
    "ticket",
    "token",
    "verifier",
];

/// Secret with any prefix.
const ENDINGS: &[&str] = &[
    "accesskey",
    "accesskeyid",
    "applicationkey",
    "assertion",
    "auth",
    "authkey",
    "dsn",
    "functionskey",
    "hostkey",
    "jwt",
    "sessionid",
    "subscriptionkey",
    "token",
];

/// Secret with any prefix and suffix.
const STEMS: &[&str] = &[
    "apikey",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "signature",
];
