//! Builds the page with npm and lists its files, for `src/page/files.rs` to embed.
//!
//! It is built in a copy below `OUT_DIR`, so that cargo builds of different profiles do not meet and the source tree
//! stays as it is. Without npm the server is built without the page, and tells so where the page would be.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The page's sources, as seen from this package.
const SOURCES: [&str; 9] = [
    "web/.npmrc",
    "web/codegen.js",
    "web/compress.js",
    "web/graphiql.html",
    "web/index.html",
    "web/package-lock.json",
    "web/package.json",
    "web/tsconfig.json",
    "web/vite.config.ts",
];
const SOURCE_DIRECTORY: &str = "web/src";
const SCHEMA: &str = "../graphql-api/schema.graphql";

/// Vite's own requirement.
const NODE_AT_LEAST: (u32, u32) = (20, 19);

fn main() -> Result<(), Box<dyn Error>> {
    for source in SOURCES.iter().chain([&"build.rs", &SOURCE_DIRECTORY, &SCHEMA]) {
        println!("cargo:rerun-if-changed={source}");
    }

    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo tells OUT_DIR")?);
    let listing = match build_page(&out.join("page")) {
        Ok(dist) => list_files(&dist)?,
        Err(Failure::Missing(reason)) => {
            println!("cargo:warning=the server is built without its web page: {reason}");
            format!("Err({reason:?})")
        }
        Err(Failure::Broken(error)) => return Err(error),
    };
    Ok(fs::write(out.join("page_files.rs"), listing)?)
}

enum Failure {
    /// Something that the page needs is not on this machine.
    Missing(String),
    /// The page itself cannot be built.
    Broken(Box<dyn Error>),
}

impl<E: Into<Box<dyn Error>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Builds the page in this directory, and returns where the built files are.
fn build_page(directory: &Path) -> Result<PathBuf, Failure> {
    check_node()?;
    // Its place beside the schema is the same as in the source tree.
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    let web = directory.join("server/web");
    fs::create_dir_all(&web)?;
    for source in SOURCES {
        fs::copy(source, directory.join("server").join(source))?;
    }
    copy_directory(Path::new(SOURCE_DIRECTORY), &web.join("src"))?;
    fs::create_dir_all(directory.join("graphql-api"))?;
    fs::copy(SCHEMA, directory.join("graphql-api/schema.graphql"))?;

    let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
    if let Err(output) = npm(&web, &install)? {
        // What an installation needs from outside may be there the next time.
        println!("cargo:rerun-if-changed={}", directory.join("not installed").display());
        eprintln!("{output}");
        return Err(Failure::Missing("`npm ci` failed in server/web".to_owned()));
    }
    npm(&web, &["run", "build"])?.map_err(|output| format!("`npm run build` failed:\n{output}"))?;
    // Hundreds of megabytes that nothing needs any more.
    fs::remove_dir_all(web.join("node_modules"))?;
    Ok(web.join("dist"))
}

fn check_node() -> Result<(), Failure> {
    let (major, minor) = NODE_AT_LEAST;
    let missing =
        |found: &str| Failure::Missing(format!("it needs npm and Node.js {major}.{minor}, and {found}"));
    let version = Command::new("node").arg("--version").output().map_err(|_| missing("there is no node"))?;
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    let mut numbers =
        version.trim_start_matches('v').split('.').map_while(|number| number.parse::<u32>().ok());
    let found = numbers.next().zip(numbers.next());
    if found.is_none_or(|found| found < NODE_AT_LEAST) {
        return Err(missing(&format!("node is {version}")));
    }
    let npm = Command::new("npm").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    npm.map_or_else(|_| Err(missing("there is no npm")), |_| Ok(()))
}

/// Runs npm, and returns what it wrote if it failed.
fn npm(directory: &Path, arguments: &[&str]) -> io::Result<Result<(), String>> {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(directory).env("NO_COLOR", "1").stdin(Stdio::null());
    let output = command.output()?;
    if output.status.success() {
        return Ok(Ok(()));
    }
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream));
    Ok(Err(format!("{stdout}\n{stderr}")))
}

fn copy_directory(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_directory(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The built files as a Rust expression. `compress.js` has put each file's compressed forms beside it.
fn list_files(dist: &Path) -> Result<String, Box<dyn Error>> {
    let mut files = Vec::new();
    find_files(dist, &mut files)?;
    files.sort();
    let mut listing = "Ok(&[\n".to_owned();
    for file in files {
        let mut hasher = DefaultHasher::new();
        fs::read(&file)?.hash(&mut hasher);
        let path = file.strip_prefix(dist)?.to_str().ok_or("the name is not UTF-8")?;
        let whole = file.to_str().ok_or("the path is not UTF-8")?;
        writeln!(
            listing,
            "    File {{ path: {path:?}, hash: \"{:016x}\", brotli: include_bytes!({:?}), gzip: include_bytes!({:?}) }},",
            hasher.finish(),
            format!("{whole}.br"),
            format!("{whole}.gz"),
        )?;
    }
    listing.push_str("])");
    Ok(listing)
}

fn find_files(directory: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        let is_compressed = path.extension().is_some_and(|extension| extension == "br" || extension == "gz");
        if entry.file_type()?.is_dir() {
            find_files(&path, found)?;
        } else if !is_compressed {
            found.push(path);
        }
    }
    Ok(())
}
