/// A file of the page, in its compressed forms.
pub(super) struct File {
    /// Where it is below the root.
    pub(super) path: &'static str,
    /// A hash of its content.
    pub(super) hash: &'static str,
    pub(super) brotli: &'static [u8],
    pub(super) gzip: &'static [u8],
}

/// In the order of their paths, or why there are none.
static FILES: Result<&[File], &str> = include!(concat!(env!("OUT_DIR"), "/page_files.rs"));

/// The file of that path; an error tells why this server has no files.
pub(super) fn find(path: &str) -> Result<Option<&'static File>, &'static str> {
    let files = FILES?;
    Ok(files.binary_search_by_key(&path, |file| file.path).ok().map(|index| &files[index]))
}

impl File {
    /// Its content type.
    pub(super) fn media_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("ttf") => "font/ttf",
            Some("woff2") => "font/woff2",
            _ => "application/octet-stream",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_found_by_its_path_and_has_a_type() {
        for file in FILES.unwrap_or_default() {
            let found = find(file.path).expect("files").expect(file.path);
            assert_eq!(found.path, file.path);
            assert_ne!(file.media_type(), "application/octet-stream", "{}", file.path);
        }
    }
}
