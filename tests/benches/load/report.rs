//! Where this program writes.

/// Writes a line to the standard output stream.
#[expect(clippy::print_stdout, reason = "what this program is for")]
pub(crate) fn print(line: &str) {
    println!("{line}");
}

/// Tells those who wait what is going on.
pub(crate) fn tell(line: &str) {
    eprintln!("{line}");
}

/// A Markdown table.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(header: Vec<String>) -> Self {
        let rule = vec!["---".to_owned(); header.len()];
        Self { rows: vec![header, rule] }
    }

    pub(crate) fn add(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(crate) fn print(&self) {
        for cells in &self.rows {
            print(&format!("| {} |", cells.join(" | ")));
        }
    }
}
