use domain::RepositoryError;
use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError};

/// Sorts a database error by what the caller can do about it.
pub(crate) fn repository_error(error: DbErr) -> RepositoryError {
    if is_passing(&error) {
        RepositoryError::Unavailable(error.into())
    } else {
        RepositoryError::Failed(error.into())
    }
}

/// The message of a violated unique constraint, which names the constraint (PostgreSQL) or its columns (SQLite).
pub(crate) fn unique_violation(error: &DbErr) -> Option<String> {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(message)) => Some(message),
        _ => None,
    }
}

fn is_passing(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            match error.as_ref() {
                SqlxError::Io(_)
                | SqlxError::Tls(_)
                | SqlxError::PoolTimedOut
                | SqlxError::PoolClosed
                | SqlxError::WorkerCrashed => true,
                SqlxError::Database(error) => error.code().is_some_and(|code| is_passing_code(&code)),
                _ => false,
            }
        }
        _ => false,
    }
}

/// PostgreSQL's classes 08 (connection), 40 (rollback, serialisation, deadlock), 53 (resources) and 57 (shutdown and
/// cancellation); SQLite's BUSY (5) and LOCKED (6), whose extended codes have the primary code in the low byte.
fn is_passing_code(code: &str) -> bool {
    let postgres = code.len() == 5 && ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class));
    let sqlite = code.len() < 5 && code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6));
    postgres || sqlite
}

#[cfg(test)]
mod tests {
    use super::is_passing_code;

    #[test]
    fn busy_and_lost_databases_pass_and_broken_statements_do_not() {
        for code in ["5", "517", "6", "08006", "40001", "40P01", "53300", "57P01"] {
            assert!(is_passing_code(code), "{code}");
        }
        for code in ["1", "11", "1555", "2067", "23505", "42P01", "22008"] {
            assert!(!is_passing_code(code), "{code}");
        }
    }
}
