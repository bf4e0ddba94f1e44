//! Cursors of the order log as clients hold them: opaque text that is checked on the way in.

use async_graphql::{Error, ErrorExtensions};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{Epoch, FollowError, LogRange, Orders, Position};

use crate::{
    error::{ErrorCode, error, fault},
    types::Cursor,
};

/// The cursor as clients hold it: the epoch, the position and a check of both.
pub(crate) fn encode(cursor: domain::Cursor) -> Cursor {
    let (epoch, position) = (cursor.epoch.0, cursor.position.0);
    let mut bytes = Vec::with_capacity(18);
    bytes.extend_from_slice(&epoch.to_be_bytes());
    bytes.extend_from_slice(&position.to_be_bytes());
    bytes.extend_from_slice(&check(epoch, position).to_be_bytes());
    Cursor(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Reads a cursor; `None` if it is none.
pub(crate) fn decode(cursor: &Cursor) -> Option<domain::Cursor> {
    let bytes: [u8; 18] = BASE64_URL_SAFE_NO_PAD.decode(&cursor.0).ok()?.try_into().ok()?;
    let epoch = i64::from_be_bytes(bytes[0..8].try_into().ok()?);
    let position = i64::from_be_bytes(bytes[8..16].try_into().ok()?);
    let is_whole = bytes[16..] == check(epoch, position).to_be_bytes();
    is_whole.then_some(domain::Cursor { epoch: Epoch(epoch), position: Position(position) })
}

/// Text that is no cursor of a log, or cursors of different logs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotOfOneLog;

/// The later of two cursors, or the only one.
pub(crate) fn later(
    one: Option<&Cursor>,
    other: Option<&Cursor>,
) -> Result<Option<domain::Cursor>, NotOfOneLog> {
    let mut later: Option<domain::Cursor> = None;
    for cursor in [one, other].into_iter().flatten() {
        let cursor = decode(cursor).ok_or(NotOfOneLog)?;
        if later.is_some_and(|later| later.epoch != cursor.epoch) {
            return Err(NotOfOneLog);
        }
        if later.is_none_or(|later| later.position < cursor.position) {
            later = Some(cursor);
        }
    }
    Ok(later)
}

/// Where to follow from, given the argument `after` and the cursor that the connection resumes from: the later one.
pub(crate) async fn start(
    orders: &Orders,
    after: Option<&Cursor>,
    resume: Option<&Cursor>,
) -> Result<Option<domain::Cursor>, Error> {
    if let Ok(start) = later(after, resume) {
        return Ok(start);
    }
    let range = orders.log_range().await.map_err(|error| fault(&error))?;
    Err(cannot_follow(&FollowError::Invalid(range)))
}

/// Why the log cannot be followed, for the client.
pub(crate) fn cannot_follow(refused: &FollowError) -> Error {
    let (code, range) = match refused {
        FollowError::Expired(range) => (ErrorCode::CursorExpired, range),
        FollowError::Invalid(range) => (ErrorCode::CursorInvalid, range),
        FollowError::Fault(error) => return fault(error),
    };
    let LogRange { oldest, newest } = *range;
    error(code, refused.to_string()).extend_with(|_, extensions| {
        extensions.set("oldest", encode(oldest).0);
        extensions.set("newest", encode(newest).0);
    })
}

/// A few bits of a product that depends on every bit of both.
fn check(epoch: i64, position: i64) -> u16 {
    let mixed = (epoch ^ position.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed());
    let [high, low, ..] = mixed.to_be_bytes();
    u16::from_be_bytes([high, low])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_and_a_changed_one_does_not() {
        for (epoch, position) in [(0, 0), (1, 1), (-7, 42), (i64::MIN, i64::MAX)] {
            let cursor = domain::Cursor { epoch: Epoch(epoch), position: Position(position) };
            let encoded = encode(cursor);
            assert_eq!(decode(&encoded), Some(cursor));
            let longer = Cursor(format!("{}A", encoded.0));
            assert_eq!(decode(&longer), None);
        }
        for text in ["", "AAAA", "not a cursor", "b3JkZXI6MQ", "AAAAAAAAAAAAAAAAAAAAAAAB"] {
            assert_eq!(decode(&Cursor(text.to_owned())), None, "{text}");
        }
    }
}
