use async_graphql::ErrorExtensions;
use domain::{Cursor, Epoch, OrderId, Position};
use fastrand::Rng;

use super::fuzz;
use crate::{cursor, log_cursor, types};

const EXECUTIONS: u64 = 200_000;

/// What cursors are made of, and a text that may be none.
#[derive(Debug)]
struct Input {
    log: Cursor,
    order: OrderId,
    text: String,
}

fn input(number: u64) -> Input {
    let mut rng = Rng::with_seed(number);
    let mut integer = || {
        let bits = rng.i64(..);
        [bits, bits >> 48, bits >> 56, 0, i64::MAX, i64::MIN, -1][rng.usize(0..7)]
    };
    let log = Cursor { epoch: Epoch(integer()), position: Position(integer()) };
    let order = OrderId(integer());
    let text = match rng.u8(0..3) {
        0 => log_cursor::encode(log).0,
        1 => cursor::encode(order),
        _ => (0..rng.usize(0..40)).map(|_| rng.char(..)).collect(),
    };
    Input { log, order, text: mutated(&mut rng, &text) }
}

fn mutated(rng: &mut Rng, text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..rng.usize(0..3) {
        let at = rng.usize(0..=characters.len());
        match rng.u8(0..4) {
            0 => characters.insert(at, rng.alphanumeric()),
            1 => characters.truncate(at),
            2 if at < characters.len() => characters[at] = rng.alphanumeric(),
            _ => characters.extend(['=', 'A', '-', '\u{0}'].get(rng.usize(0..4))),
        }
    }
    characters.into_iter().collect()
}

fn execute(input: &Input) -> String {
    let Input { log, order, text } = input;
    assert_eq!(log_cursor::decode(&log_cursor::encode(*log)), Some(*log));
    assert_eq!(cursor::decode("after", &cursor::encode(*order)).ok(), Some(*order));
    // There is one way to write each.
    if let Some(decoded) = log_cursor::decode(&types::Cursor(text.clone())) {
        assert_eq!(log_cursor::encode(decoded).0, *text);
        return if decoded == *log { "of the log" } else { "changed, and not noticed" }.to_owned();
    }
    match cursor::decode("after", text) {
        Ok(decoded) => {
            assert_eq!(cursor::encode(decoded), *text);
            "of a list".to_owned()
        }
        Err(error) => {
            let code = error.extend().extensions.and_then(|extensions| extensions.get("code").cloned());
            assert_eq!(code, Some("BAD_USER_INPUT".into()));
            "none".to_owned()
        }
    }
}

#[test]
fn any_text_as_a_cursor_is_taken_or_refused() {
    fuzz(EXECUTIONS, &["of the log", "of a list", "none"], input, execute);
}

/// The check has 16 bits: of changed cursors hardly any passes for another one.
#[test]
fn a_changed_cursor_of_the_log_is_refused() {
    let (mut changed, mut passed) = (0_u32, 0_u32);
    for number in 0..100_000 {
        let mut rng = Rng::with_seed(number);
        let log = Cursor { epoch: Epoch(rng.i64(..)), position: Position(rng.i64(0..1_000_000)) };
        let text = log_cursor::encode(log).0;
        let mutated = mutated(&mut rng, &text);
        if mutated != text {
            changed += 1;
            passed += u32::from(log_cursor::decode(&types::Cursor(mutated)).is_some());
        }
    }
    assert!(changed > 50_000 && passed < changed / 10_000, "{passed} of {changed}");
}
